import { describe, expect, it } from '@jest/globals';
import { Body } from '@nestjs/common';
import { Injectable, Scope, type Provider } from '@nestjs/common';
import {
  Ctx,
  DepotConfigError,
  OnTask,
  Payload,
  Processor,
  Task,
  TaskContext,
  TaskEvent,
} from 'nestjs-depot';
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
@Processor('a')
class BadDeadline {
  @Task({ deadline: 'soon' as '5m' }) async run(): Promise<void> {}
}
@Processor('a')
class BadTaskConcurrency {
  @Task({ concurrency: 0 }) async run(): Promise<void> {}
}
@Processor('a')
class BadBatchSize {
  @Task({ batch: { size: 1_001 } }) async run(): Promise<void> {}
}
@Processor('a')
class BadBatchWait {
  @Task({ batch: { size: 10, wait: 'soon' as '1s' } }) async run(): Promise<void> {}
}
const EXTRA: object = { max: 3 };
@Processor('a')
class UnknownBatchOption {
  @Task({ batch: { size: 10, ...EXTRA } }) async run(): Promise<void> {}
}
@Processor('a')
class BadAlias {
  @Task({ aliases: ['two\nlines'] }) async run(): Promise<void> {}
}
@Processor('a')
class BadName {
  @Task() async 'two\nlines'(): Promise<void> {}
}
@Processor('a')
class UnknownEvent {
  @OnTask('died' as 'dead') async gaveUp(): Promise<void> {}
}
@Processor('a')
class UnknownEventOption {
  @OnTask('dead', { batch: { size: 3 } } as object) async gaveUp(): Promise<void> {}
}
@Processor('a')
class BadEventAttempts {
  @OnTask('dead', { attempts: 1.5 }) async gaveUp(): Promise<void> {}
}
@Injectable()
class EventsWithoutProcessor {
  @OnTask('dead') async gaveUp(): Promise<void> {}
}
@Processor('a')
class TaskAndEvent {
  @OnTask('dead')
  @Task()
  async both(): Promise<void> {}
}
@Processor('a')
class ForeignInEvent {
  @OnTask('dead') async gaveUp(@Body() event: unknown): Promise<void> {
    void event;
  }
}
@Processor('a')
class EventTwin {
  @OnTask('dead') async gaveUp(_event: TaskEvent): Promise<void> {}
}
@Injectable({ scope: Scope.REQUEST })
class PerRequest {}
@Processor('a')
class EventsPerRequest {
  constructor(readonly request: PerRequest) {}
  @OnTask('dead') async gaveUp(): Promise<void> {}
}
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
    [
      'a processor without tasks',
      [Empty],
      'Empty is a @Processor("a") without a @Task() method, or an @OnTask() method',
    ],
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
      'a bad deadline',
      [BadDeadline],
      '@Task() of BadDeadline.run.deadline is "soon"; expected a number of milliseconds',
    ],
    [
      "a bad concurrency of a task's own",
      [BadTaskConcurrency],
      'concurrency of @Task() of BadTaskConcurrency.run is 0; expected a whole number from 1 to 1000',
    ],
    [
      'a batch that is too large',
      [BadBatchSize],
      'batch of @Task() of BadBatchSize.run.size is 1001; expected a whole number from 1 to 1000',
    ],
    [
      'a bad wait of a batch',
      [BadBatchWait],
      'batch of @Task() of BadBatchWait.run.wait is "soon"; expected a number of milliseconds',
    ],
    [
      'an unknown option of a batch',
      [UnknownBatchOption],
      "batch of @Task() of UnknownBatchOption.run has no option 'max'; there are: size, wait",
    ],
    ['a bad alias', [BadAlias], 'aliases of @Task() of BadAlias.run is an array; expected an array of names'],
    ['a bad name', [BadName], 'is marked with @Task(); expected a name without line breaks'],
    [
      'an unknown event',
      [UnknownEvent],
      '@OnTask() of UnknownEvent.gaveUp names the event "died"; expected one of waiting, active',
    ],
    [
      'an unknown option of an event handler',
      [UnknownEventOption],
      '@OnTask("dead") of UnknownEventOption.gaveUp has no option \'batch\'; there are: attempts',
    ],
    [
      'bad attempts of an event handler',
      [BadEventAttempts],
      '@OnTask("dead") of BadEventAttempts.gaveUp.attempts is 1.5; expected a whole number',
    ],
    [
      'events without a processor',
      [EventsWithoutProcessor],
      'EventsWithoutProcessor has @OnTask() methods (gaveUp) but no @Processor(queue)',
    ],
    [
      'a method that is task and event handler',
      [TaskAndEvent],
      'TaskAndEvent.both has both @Task() and @OnTask(); expected one of them',
    ],
    [
      'a foreign parameter decorator of an event handler',
      [ForeignInEvent],
      'ForeignInEvent.gaveUp has a parameter decorator of another package',
    ],
    [
      'two event handlers that can not be told apart',
      [EventTwin, { provide: 'again', useValue: new EventTwin() }],
      "queue 'a' has two event handlers EventTwin.gaveUp of 'dead'",
    ],
    [
      'request-scoped event handlers',
      [PerRequest, EventsPerRequest],
      'EventsPerRequest handles tasks, but it or something it depends on is request-scoped',
    ],
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
