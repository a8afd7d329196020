import { describe, expect, it } from '@jest/globals';
import { Body } from '@nestjs/common';
import { Injectable, Scope, type Provider } from '@nestjs/common';
import { Ctx, DepotConfigError, Payload, Processor, Task, TaskContext } from 'nestjs-depot';
import { appModule, optionsFor, queueOf, startApp } from '../support/app.js';

class Base {
  @Task()
  async inherited(@Payload() payload: string): Promise<string> {
    return `base ${payload}`;
  }

  @Task()
  async overridden(@Ctx() task: TaskContext, @Payload() payload: string): Promise<string> {
    return `base ${task.name} ${payload}`;
  }
}

@Processor('a')
class Derived extends Base {
  override async overridden(task: TaskContext, payload: string): Promise<string> {
    return `derived ${task.name} ${payload}`;
  }
}

@Processor('a')
class Second {
  constructor(readonly greeting: string) {}

  @Task()
  async greet(): Promise<string> {
    return this.greeting;
  }
}

const start = (providers: Provider[], queues = ['a']) =>
  startApp(appModule(optionsFor('embedded'), queues, { providers }));

describe('discovery', () => {
  it('finds inherited handlers, and runs the method that overrides', async () => {
    const queue = queueOf(await start([Derived]), 'a');
    expect(await (await queue.add('inherited', 'x')).result()).toBe('base x');
    expect(await (await queue.add('overridden', 'y')).result()).toBe('derived overridden y');
  });

  it.each<[string, Provider]>([
    ['a factory', { provide: 'made', useFactory: () => new Second('hello') }],
    ['an async factory', { provide: 'made', useFactory: async () => new Second('hello') }],
    ['a value', { provide: 'made', useValue: new Second('hello') }],
  ])('finds a processor that %s provides', async (_, provider) => {
    const queue = queueOf(await start([provider]), 'a');
    expect(await (await queue.add('greet')).result()).toBe('hello');
  });

  it('takes an instance under two tokens for one processor', async () => {
    const app = await start([Derived, { provide: 'alias', useExisting: Derived }]);
    expect(await (await queueOf(app, 'a').add('inherited', 'z')).result()).toBe('base z');
  });

  it('lets several classes serve one queue', async () => {
    const queue = queueOf(await start([Derived, { provide: Second, useValue: new Second('hi') }]), 'a');
    expect(await (await queue.add('greet')).result()).toBe('hi');
    expect(await (await queue.add('inherited', 'x')).result()).toBe('base x');
  });
});

@Processor('b')
class OtherQueue {
  @Task() async run(): Promise<void> {}
}
@Processor('a')
class Twin {
  @Task() async greet(): Promise<void> {}
}
@Processor('a')
class AliasTwin {
  @Task({ aliases: ['greet'] }) async other(): Promise<void> {}
}
@Processor('a')
class Empty {}
@Injectable()
class NoProcessor {
  @Task() async run(): Promise<void> {}
}
@Processor('a')
class Foreign {
  @Task() async run(@Body() body: unknown): Promise<void> {
    void body;
  }
}
@Processor('a')
class HalfDecorated {
  @Task() async run(@Payload() payload: unknown, other: unknown): Promise<void> {
    void payload;
    void other;
  }
}
@Processor('a')
class BadAttempts {
  @Task({ attempts: 0 }) async run(): Promise<void> {}
}
@Processor('a')
class BadBackoff {
  @Task({ backoff: { type: 'linear' as 'fixed' } }) async run(): Promise<void> {}
}
@Processor('a')
class BadTimeout {
  @Task({ timeout: '5 minutes' as '5m' }) async run(): Promise<void> {}
}
@Processor('a')
class UnknownOption {
  @Task({ retries: 3 } as object) async run(): Promise<void> {}
}
@Processor('a', { concurrency: 1001 })
class BadConcurrency {
  @Task() async run(): Promise<void> {}
}
@Processor('a', { concurrency: 2 })
class Two {
  @Task() async two(): Promise<void> {}
}
@Processor('a', { concurrency: 3 })
class Three {
  @Task() async three(): Promise<void> {}
}
@Injectable({ scope: Scope.REQUEST })
class PerRequest {}
@Processor('a')
class DependsOnRequest {
  constructor(readonly request: PerRequest) {}
  @Task() async run(): Promise<void> {}
}

describe('a start-up error', () => {
  const second = { provide: Second, useValue: new Second('x') };
  it.each<[string, Provider[], string]>([
    [
      'an unknown queue',
      [OtherQueue],
      'OtherQueue is a @Processor("b"), but no queue of that name is registered',
    ],
    [
      'two handlers of one name',
      [second, Twin],
      "two handlers of the name 'greet': Second.greet and Twin.greet",
    ],
    [
      'an alias that is taken',
      [second, AliasTwin],
      "two handlers of the name 'greet': Second.greet and AliasTwin.other",
    ],
    ['a processor without tasks', [Empty], 'Empty is a @Processor("a") without a @Task() method'],
    [
      'tasks without a processor',
      [NoProcessor],
      'NoProcessor has @Task() methods (run) but no @Processor(queue)',
    ],
    ['a foreign parameter decorator', [Foreign], 'Foreign.run has a parameter decorator of another package'],
    [
      'a parameter without decorator',
      [HalfDecorated],
      'HalfDecorated.run: parameter 2 has neither @Payload() nor @Ctx()',
    ],
    [
      'bad attempts',
      [BadAttempts],
      '@Task() of BadAttempts.run.attempts is 0; expected a whole number from 1 to 1000',
    ],
    [
      'a bad backoff',
      [BadBackoff],
      "@Task() of BadBackoff.run.backoff.type is \"linear\"; expected 'fixed' or 'exponential'",
    ],
    [
      'a bad time-out',
      [BadTimeout],
      '@Task() of BadTimeout.run.timeout is "5 minutes"; expected a number of milliseconds',
    ],
    [
      'an unknown option',
      [UnknownOption],
      "@Task() of UnknownOption.run has no option 'retries'; there are: attempts",
    ],
    [
      'a bad concurrency',
      [BadConcurrency],
      'concurrency of BadConcurrency.run is 1001; expected a whole number from 1 to 1000',
    ],
    ['two concurrencies', [Two, Three], 'disagree on concurrency: 2 for Two.two, 3 for Three.three'],
    [
      'a request-scoped processor',
      [PerRequest, DependsOnRequest],
      'DependsOnRequest handles tasks, but it or something it depends on is request-scoped',
    ],
  ])('names %s', async (_, providers, message) => {
    const error = await start(providers).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DepotConfigError);
    expect((error as Error).message).toContain(message);
  });
});
