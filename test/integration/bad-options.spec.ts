import { describe, expect, it } from '@jest/globals';
import { Injectable, Module, type Type } from '@nestjs/common';
import { DepotModule, duration, Payload, Processor, Task } from 'nestjs-depot';
import { DURATION, refused, root, type Anything } from './fixtures/refused.js';

describe('an option of DepotModule.forRoot', () => {
  it.each<[Anything, string]>([
    [{ retries: 3 }, "DepotModule.forRoot has no option 'retries'; there are: redis, namespace, workers"],
    [{ redis: '' }, 'redis is empty; expected redis://[user:password@]host[:port][/db] or rediss://…'],
    [{ redis: 'localhost:6379' }, 'redis is a URL that begins with "loca"; expected redis://'],
    [{ redis: 'http://localhost' }, 'redis is a URL that begins with "http://"; expected redis://'],
    [{ redis: 'redis://local host' }, 'redis is a URL that begins with "redis://"; expected redis://'],
    [{ redis: 6379 }, 'redis is 6379; expected a URL, ioredis options or an ioredis client'],
    [{ redis: null }, 'redis is null; expected a URL, ioredis options or an ioredis client'],
    [{ redis: { host: 'localhost', keyPrefix: 'x:' } }, 'redis has a keyPrefix'],
    [{ namespace: '' }, 'namespace is ""; expected 1 to 128 characters without white space or braces'],
    [{ namespace: 'a{b}' }, 'namespace is "a{b}"; expected'],
    [{ namespace: 7 }, 'namespace is 7; expected'],
    [{ workers: 'some' }, "workers is \"some\"; expected 'all', 'none' or an array of queue names"],
    [{ workers: [1] }, 'workers is an array; expected'],
    [{ workers: ['gone'] }, "workers names the queue 'gone', which is not registered; there are: work"],
    [{ shutdownTimeout: '20 s' }, `shutdownTimeout is "20 s"; ${DURATION}`],
    [{ shutdownTimeout: '0x10s' }, `shutdownTimeout is "0x10s"; ${DURATION}`],
    [{ shutdownTimeout: -1 }, `shutdownTimeout is -1; ${DURATION}`],
    [{ shutdownTimeout: Number.POSITIVE_INFINITY }, `shutdownTimeout is Infinity; ${DURATION}`],
    [
      { tasks: { retries: 3 } },
      "tasks has no option 'retries'; there are: attempts, backoff, timeout, deadline, maxCrashes",
    ],
    [{ tasks: { attempts: 0 } }, 'tasks.attempts is 0; expected a whole number from 1 to 1000'],
    [
      { tasks: { backoff: { type: 'linear' } } },
      "tasks.backoff.type is \"linear\"; expected 'fixed' or 'exponential'",
    ],
    [{ tasks: { backoff: { delay: '1 s' } } }, `tasks.backoff.delay is "1 s"; ${DURATION}`],
    [{ tasks: { backoff: { jitter: -1 } } }, 'tasks.backoff.jitter is -1; expected a number from 0 to 1'],
    [{ tasks: { timeout: '1w' } }, `tasks.timeout is "1w"; ${DURATION}`],
    [{ tasks: { concurrency: 0 } }, 'tasks.concurrency is 0; expected a whole number from 1 to 1000'],
    [{ tasks: { concurrency: 1_001 } }, 'tasks.concurrency is 1001; expected'],
    [{ tasks: { lease: 10 } }, 'tasks.lease is 10; expected at least 100 ms'],
    [{ tasks: { maxPayload: '1mb' } }, 'tasks.maxPayload is "1mb"; expected a whole number from 1'],
    [{ tasks: { resultTimeout: 'long' } }, `tasks.resultTimeout is "long"; ${DURATION}`],
    [{ tasks: { maxCrashes: 0 } }, 'tasks.maxCrashes is 0; expected a whole number from 1'],
    [{ tasks: { keep: { done: {} } } }, "tasks.keep has no option 'done'; there are: completed, dead"],
    [
      { tasks: { keep: { completed: { count: -1 } } } },
      'tasks.keep.completed.count is -1; expected a whole number from 0',
    ],
    [{ tasks: { keep: { dead: { age: 'old' } } } }, `tasks.keep.dead.age is "old"; ${DURATION}`],
    [{ routes: 'email' }, "routes is \"email\"; expected { 'user.*': 'queue', … }"],
    [{ routes: { 'user.*': 5 } }, 'routes["user.*"] is 5; expected the name of a queue, or { queue, task }'],
    [
      { routes: { a: { queue: 'work', name: 'x' } } },
      'routes["a"] has no option \'name\'; there are: queue, task',
    ],
    [{ routes: { a: { task: 'x' } } }, 'routes["a"].queue is undefined; expected text without line breaks'],
    [
      { routes: { a: 'work', default: 'wrok' } },
      "routes names the queue 'wrok', which is not registered; there are: work",
    ],
    [{ cache: { ttl: '5 m' } }, `cache.ttl is "5 m"; ${DURATION}`],
    [{ cache: { size: 1 } }, "cache has no option 'size'; there are: ttl"],
    [{ locks: { ttl: 'x' } }, `locks.ttl is "x"; ${DURATION}`],
    [{ locks: { wait: 1 } }, "locks has no option 'wait'; there are: ttl"],
    [{ connection: { connectTimeout: 0 } }, 'connection.connectTimeout is 0; expected at least'],
    [{ connection: { commandTimeout: 'x' } }, `connection.commandTimeout is "x"; ${DURATION}`],
    [{ connection: { offlineWait: -5 } }, `connection.offlineWait is -5; ${DURATION}`],
    [{ connection: { retries: 1 } }, "connection has no option 'retries'; there are: connectTimeout"],
  ])('%j is refused by name, value and what is expected', async (options, message) => {
    await refused(() => root(options), message);
  });

  it.each<[Anything, string]>([
    [{ logger: 'loud' }, 'logger is "loud"; expected'],
    [{ logger: { log: () => 1 } }, 'logger is an object; expected'],
    [{ tasks: 'fast' }, 'tasks is "fast"; expected an object'],
    [{ tasks: null }, 'tasks is null; expected an object'],
    [{ tasks: { keep: 5 } }, 'tasks.keep is 5; expected an object'],
    [{ tasks: { keep: { completed: 5 } } }, 'tasks.keep.completed is 5; expected an object'],
  ])('%j is refused by name, value and what is expected', async (options, message) => {
    await refused(() => root(options), message);
  });

  it('may come from text of the environment, which is checked', () => {
    expect(duration('5m', 'CACHE_TTL')).toBe('5m');
    expect(() => duration('5 minutes', 'CACHE_TTL')).toThrow(`CACHE_TTL is "5 minutes"; ${DURATION}`);
    expect(() => duration(undefined, 'CACHE_TTL')).toThrow(`CACHE_TTL is undefined; ${DURATION}`);
  });

  it('is checked when it comes from a factory, too', async () => {
    class AppModule {}
    Module({ imports: [DepotModule.forRootAsync({ useFactory: () => ({ namespace: 'a b' }) })] })(AppModule);
    await refused(() => AppModule, 'namespace is "a b"; expected');
  });
});

describe('an option of @Task', () => {
  const withTask = (options: Anything): Type => {
    @Processor('work')
    class WorkProcessor {
      @Task(options)
      run(): void {}
    }
    return root({}, undefined, [WorkProcessor]);
  };

  it.each<[Anything, string]>([
    [
      { retries: 3 },
      "@Task() of WorkProcessor.run has no option 'retries'; there are: attempts, backoff, timeout, deadline, aliases",
    ],
    [{ attempts: 0 }, '@Task() of WorkProcessor.run.attempts is 0; expected a whole number from 1 to 1000'],
    [{ backoff: { max: 'x' } }, `@Task() of WorkProcessor.run.backoff.max is "x"; ${DURATION}`],
    [{ timeout: '30 s' }, `@Task() of WorkProcessor.run.timeout is "30 s"; ${DURATION}`],
    [{ aliases: 'old' }, 'aliases of @Task() of WorkProcessor.run is "old"; expected an array of names'],
    [{ aliases: [1] }, 'aliases of @Task() of WorkProcessor.run is an array; expected an array of names'],
  ])('%j is refused with class and method, value and what is expected', async (options, message) => {
    await refused(() => withTask(options), message);
  });
});

describe('an option of @Processor', () => {
  const withProcessor = (queue: unknown, options?: Anything): Type => {
    @Processor(queue as string, options)
    class WorkProcessor {
      @Task()
      run(): void {}
    }
    return root({}, undefined, [WorkProcessor]);
  };

  it.each<[unknown, Anything | undefined, string]>([
    ['wrok', {}, 'WorkProcessor is a @Processor("wrok"), but no queue of that name is registered'],
    [undefined, {}, 'WorkProcessor is a @Processor(undefined), but no queue of that name is registered'],
    [
      'work',
      { concurrency: 0 },
      'concurrency of WorkProcessor.run is 0; expected a whole number from 1 to 1000',
    ],
    ['work', { concurrency: '5' }, 'concurrency of WorkProcessor.run is "5"; expected'],
    [
      'work',
      { parallel: 5 },
      '@Processor("work") of WorkProcessor has no option \'parallel\'; there are: concurrency',
    ],
  ])('(%j, %j) is refused with the class, value and what is expected', async (queue, options, message) => {
    await refused(() => withProcessor(queue, options), message);
  });

  it('that two processors of a queue do not agree on is refused', async () => {
    @Processor('work', { concurrency: 1 })
    class One {
      @Task() one(): void {}
    }
    @Processor('work', { concurrency: 2 })
    class Two {
      @Task() two(): void {}
    }
    await refused(
      () => root({}, undefined, [One, Two]),
      "processors of queue 'work' disagree on concurrency: 1 for One.one, 2 for Two.two",
    );
  });
});

describe('a handler', () => {
  it('whose name another one has is refused, and both are named', async () => {
    @Processor('work')
    class One {
      @Task() run(): void {}
    }
    @Processor('work')
    class Two {
      @Task({ aliases: ['run'] }) go(): void {}
    }
    await refused(
      () => root({}, undefined, [One, Two]),
      "queue 'work' has two handlers of the name 'run': One.run and Two.go",
    );
  });

  it('in a class that is no processor is refused', async () => {
    @Injectable()
    class Lost {
      @Task() run(): void {}
    }
    await refused(
      () => root({}, undefined, [Lost]),
      'Lost has @Task() methods (run) but no @Processor(queue)',
    );
  });

  it('is what a processor needs', async () => {
    @Processor('work')
    class Empty {}
    await refused(
      () => root({}, undefined, [Empty]),
      'Empty is a @Processor("work") without a @Task() method',
    );
  });

  it('with one parameter decorated and another one not is refused', async () => {
    @Processor('work')
    class Half {
      @Task() run(@Payload() _payload: string, _other: string): void {}
    }
    await refused(
      () => root({}, undefined, [Half]),
      'Half.run: parameter 2 has neither @Payload() nor @Ctx(), another one has',
    );
  });
});
