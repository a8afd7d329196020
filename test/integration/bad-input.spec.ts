import { describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { Redis } from 'ioredis';
import {
  EngineReplyError,
  PayloadError,
  Processor,
  Task,
  TASK_STATES,
  TaskFailedError,
  type AddOptions,
  type DepotOptions,
} from 'nestjs-depot';
import { DepotRuntime } from '../../lib/depot.runtime.js';
import { appModule, closeApp, ENGINES, optionsFor, queueOf, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { sharedRedisUrl } from '../support/shared-redis.js';

@Processor('work')
class WorkProcessor {
  readonly runs: unknown[] = [];

  @Task()
  async echo(payload: unknown): Promise<unknown> {
    this.runs.push(payload);
    return payload;
  }

  @Task({ attempts: 3, backoff: 1 })
  async returnsFunction(): Promise<unknown> {
    this.runs.push('returnsFunction');
    return { callback: () => 1 };
  }

  @Task({ attempts: 3, backoff: 1 })
  async returnsTooMuch(): Promise<string> {
    this.runs.push('returnsTooMuch');
    return 'x'.repeat(2_000);
  }
}

@Processor('work')
class LaterProcessor {
  @Task()
  async later(payload: string): Promise<string> {
    return `late ${payload}`;
  }
}

const NOTHING = Object.fromEntries(TASK_STATES.map((state) => [state, 0]));

const cyclic = (): unknown => {
  const order: Record<string, unknown> = { items: [{}] };
  order['items'] = [{ order }];
  return order;
};

describe.each(ENGINES)('on the %s engine', (engine) => {
  const start = async (options: DepotOptions = {}) => {
    const logger = new RecordingLogger();
    const own = { ...optionsFor(engine, { tasks: { maxPayload: 1_000 }, ...options }), logger };
    const app = await startApp(appModule(own, ['work'], { providers: [WorkProcessor] }));
    const queue = queueOf(app, 'work');
    return { app, queue, logger, options: own, runs: app.get(WorkProcessor).runs };
  };

  describe('a payload', () => {
    it.each<[string, unknown, string]>([
      ['with a cycle', cyclic(), "payload of task 'echo' of queue 'work'"],
      [
        'with a function',
        { to: { callback: () => 1 } },
        "payload of task 'echo' of queue 'work'.to.callback is function callback, which can't be serialised",
      ],
      [
        'with a symbol',
        { list: [1, Symbol('s')] },
        "payload of task 'echo' of queue 'work'.list[1] is Symbol(s), which can't be serialised",
      ],
      ['that is a function', () => 1, "payload of task 'echo' of queue 'work' is function"],
      [
        'that is too large',
        { text: 'x'.repeat(1_000) },
        "payload of task 'echo' of queue 'work' is 1011 bytes serialised; at most 1000 are allowed",
      ],
      [
        'whose text is short and whose bytes are many',
        'ä'.repeat(600),
        "payload of task 'echo' of queue 'work' is 1202 bytes serialised; at most 1000 are allowed",
      ],
    ])('%s is refused, and what else was added in the tick is not', async (_, payload, message) => {
      const { queue, runs } = await start();
      const [before, bad, after] = await Promise.allSettled([
        queue.add('echo', 'before'),
        queue.add('echo', payload),
        queue.add('echo', 'after'),
      ]);
      expect(bad).toMatchObject({ status: 'rejected', reason: expect.any(PayloadError) });
      expect(bad).toMatchObject({ reason: { message: expect.stringContaining(message) } });
      for (const good of [before, after]) {
        if (good.status === 'rejected') throw good.reason;
        await good.value.result();
      }
      expect(runs.toSorted()).toEqual(['after', 'before']);
      expect(await queue.counts()).toEqual({ ...NOTHING, completed: 2 });
    });

    it('that is refused in a bulk keeps all of the bulk out', async () => {
      const { queue } = await start();
      await expect(
        queue.addBulk([{ name: 'echo', payload: 1 }, { name: 'echo', payload: () => 1 }, { name: 'echo' }]),
      ).rejects.toThrow(PayloadError);
      expect(await queue.counts()).toEqual(NOTHING);
    });

    it('of just the size that is allowed is taken', async () => {
      const { queue } = await start();
      const text = 'x'.repeat(998);
      expect(await (await queue.add('echo', text)).result()).toBe(text);
      await expect(queue.add('echo', `${text}x`)).rejects.toThrow(PayloadError);
    });
  });

  describe('an option of add', () => {
    it.each<[string, object, string]>([
      [
        'delay with an unknown unit',
        { delay: '10 minutes' },
        "delay of task 'echo' of queue 'work' is \"10 minutes\"; expected a number of milliseconds",
      ],
      ['a negative delay', { delay: -1 }, "delay of task 'echo' of queue 'work' is -1; expected"],
      [
        'a delay that is no number',
        { delay: Number.NaN },
        "delay of task 'echo' of queue 'work' is NaN; expected",
      ],
      ['delay null', { delay: null }, "delay of task 'echo' of queue 'work' is null; expected"],
      [
        'runAt as text',
        { runAt: '2030-01-01' },
        "runAt of task 'echo' of queue 'work' is \"2030-01-01\"; expected a valid Date",
      ],
      [
        'an invalid runAt',
        { runAt: new Date('never') },
        "runAt of task 'echo' of queue 'work' is an object; expected a valid Date",
      ],
      [
        'delay and runAt',
        { delay: 1, runAt: new Date() },
        "task 'echo' of queue 'work' has both delay and runAt; expected one of them",
      ],
      [
        'no attempts',
        { attempts: 0 },
        "attempts of task 'echo' of queue 'work' is 0; expected a whole number from 1 to 1000",
      ],
      [
        'half an attempt',
        { attempts: 1.5 },
        "attempts of task 'echo' of queue 'work' is 1.5; expected a whole number",
      ],
      [
        'attempts as text',
        { attempts: '3' },
        "attempts of task 'echo' of queue 'work' is \"3\"; expected a whole number",
      ],
      [
        'a backoff of an unknown type',
        { backoff: { type: 'linear' } },
        "backoff of task 'echo' of queue 'work'.type is \"linear\"; expected 'fixed' or 'exponential'",
      ],
      [
        'too much jitter',
        { backoff: { jitter: 2 } },
        "backoff of task 'echo' of queue 'work'.jitter is 2; expected a number from 0 to 1",
      ],
      [
        'a timeout with a space',
        { timeout: '30 s' },
        "timeout of task 'echo' of queue 'work' is \"30 s\"; expected",
      ],
      [
        'an empty id',
        { id: '' },
        "id of task 'echo' of queue 'work' is \"\"; expected 1 to 256 characters without white space",
      ],
      ['an id with a space', { id: 'a b' }, "id of task 'echo' of queue 'work' is \"a b\"; expected"],
      ['an id that is no text', { id: 7 }, "id of task 'echo' of queue 'work' is 7; expected"],
      [
        'a name that nobody knows',
        { retries: 3 },
        "task 'echo' of queue 'work' has no option 'retries'; there are: id, delay, runAt, priority, attempts, backoff, timeout",
      ],
    ])('(%s) is refused by name and value', async (_, options, message) => {
      const { queue } = await start();
      await expect(queue.add('echo', 1, options as AddOptions)).rejects.toMatchObject({
        code: 'DEPOT_CONFIG',
        message: expect.stringContaining(message),
      });
      await expect(queue.addBulk([{ name: 'echo', options }])).rejects.toThrow(message);
      expect(await queue.counts()).toEqual(NOTHING);
    });

    it.each<[string, object, string]>([
      [
        'a backoff with an unknown option',
        { backoff: { delays: '1s' } },
        "backoff of task 'echo' of queue 'work' has no option 'delays'; there are: type, delay, max, jitter",
      ],
      ['backoff null', { backoff: null }, "backoff of task 'echo' of queue 'work' is null; expected"],
    ])('(%s) is refused by name and value', async (_, options, message) => {
      const { queue } = await start();
      await expect(queue.add('echo', 1, options)).rejects.toThrow(message);
    });

    it.each<[string, unknown, string]>([
      ['empty', '', 'the task name is ""; expected'],
      ['no text', 7, 'the task name is 7; expected'],
      ['of two lines', 'a\nb', 'the task name is "a\\nb"; expected'],
    ])('(a name that is %s) is refused', async (_, name, message) => {
      const { queue } = await start();
      await expect(queue.add(name as string)).rejects.toThrow(message);
    });

    it('for a result is checked, too', async () => {
      const { queue } = await start();
      const handle = await queue.add('echo');
      await expect(handle.result({ timeout: '1 s' as '1s' })).rejects.toThrow(
        'result timeout is "1 s"; expected',
      );
      await expect(queue.list('gone' as 'dead')).rejects.toThrow('state is "gone"; expected one of waiting');
      await expect(queue.list('dead', { stop: 1.5 })).rejects.toThrow('expected whole numbers');
    });
  });

  it('a task that nobody has a handler for is parked, with a clear error, and reported once', async () => {
    const { queue, logger } = await start();
    const handles = await Promise.all([queue.add('later', 'a'), queue.add('later', 'b')]);
    await eventually(async () => expect(await queue.counts()).toEqual({ ...NOTHING, parked: 2 }));
    const snapshot = await queue.get(handles[0].id);
    const message =
      "No handler of queue 'work' has the name 'later' (there are: echo, returnsFunction, returnsTooMuch); the task is parked and runs by itself once a worker with that handler starts";
    expect(snapshot).toMatchObject({ state: 'parked', error: { code: 'DEPOT_UNKNOWN_TASK', message } });
    expect(logger.warnings).toEqual([expect.stringContaining(message)]);
    expect(await (await queue.add('echo', 1)).result()).toBe(1);
  });

  it.each<[string, string, string]>([
    [
      'a newer version',
      '3echo\nm8x2k1f0\n\n{"to":1}\n',
      'written by a newer version of nestjs-depot (envelope 3, this one reads 1 and 2)',
    ],
    ['something else', 'what is this?', 'the task\'s record is no envelope of nestjs-depot: "what is this?"'],
    ['nobody', '', 'the task\'s record is no envelope of nestjs-depot: ""'],
  ])(
    'a record that was written by %s is left alone and kept, with a warning',
    async (_, envelope, message) => {
      const { app, queue, logger } = await start();
      await brokerOf(app).add([{ id: 'odd', envelope }]);
      await eventually(async () => expect(await queue.counts()).toEqual({ ...NOTHING, parked: 1 }));
      expect(await queue.get('odd')).toMatchObject({
        state: 'parked',
        name: '(unreadable)',
        payload: envelope,
        error: { code: 'DEPOT_PAYLOAD', message: expect.stringContaining(message) },
      });
      expect(await queue.list('parked')).toHaveLength(1);
      expect(logger.warnings).toEqual([expect.stringContaining(message)]);
      expect(logger.errors).toEqual([]);
      expect((await brokerOf(app).read(['odd']))[0]?.envelope).toBe(envelope);
      expect(await (await queue.add('echo', 1)).result()).toBe(1);
    },
  );

  it.each<[string, string, string]>([
    ['a payload', '1echo\nm8x2k1f0\n\n{"to":', "payload of task odd can't be read"],
    ['a record of this version', '1echo\n', "the task's record is no envelope"],
  ])('%s that can not be read back is dead at once, and kept', async (_, envelope, message) => {
    const { app, queue, runs } = await start();
    await brokerOf(app).add([{ id: 'odd', envelope }]);
    await eventually(async () => expect(await queue.counts()).toEqual({ ...NOTHING, dead: 1 }));
    expect(await queue.get('odd')).toMatchObject({
      state: 'dead',
      error: { code: 'DEPOT_PAYLOAD', message: expect.stringContaining(message) },
    });
    expect(runs).toEqual([]);
  });

  it.each<[string, string]>([
    ['returnsFunction', "of queue 'work'.callback is function callback, which can't be serialised"],
    ['returnsTooMuch', "of queue 'work' is 2002 bytes serialised; at most 1000 are allowed"],
  ])(
    'a result that can not be kept (%s) makes the task dead, and it is not run again',
    async (name, message) => {
      const { queue, runs } = await start();
      const handle = await queue.add(name);
      await expect(handle.result()).rejects.toMatchObject({
        constructor: TaskFailedError,
        failure: { name: 'PayloadError', code: 'DEPOT_PAYLOAD', message: expect.stringContaining(message) },
      });
      expect(runs).toEqual([name]);
      expect(await queue.get(handle.id)).toMatchObject({ state: 'dead', attempt: 1 });
    },
  );
});

describe('data in Redis that is not ours', () => {
  const start = async (options: DepotOptions = optionsFor('redis')) => {
    const logger = new RecordingLogger();
    const app = await startApp(
      appModule({ ...options, logger }, ['work', 'other'], { providers: [WorkProcessor] }),
    );
    return { app, logger, queue: queueOf(app, 'work') };
  };

  it('has a key of the queue’s: a start says so, a call says so, and all is well once it is gone', async () => {
    await using redis = connect();
    const options = optionsFor('redis');
    const key = `${options.namespace}:{work}:rec`;
    await redis.set(key, 'somebody else’s');
    await expect(start(options)).rejects.toThrow(EngineReplyError);
    await expect(start(options)).rejects.toThrow(key);
    await redis.del(key);

    const { queue } = await start(options);
    await redis.set(key, 'somebody else’s');
    const refused = queue.add('echo', 1);
    await expect(refused).rejects.toThrow(EngineReplyError);
    await expect(refused).rejects.toThrow(/refused: WRONGTYPE/);
    expect(await redis.get(key)).toBe('somebody else’s');
    await redis.del(key);
    expect(await (await queue.add('echo', 2)).result()).toBe(2);
  });

  it('has been written over an outcome, progress or log: the rest of the list can still be read', async () => {
    await using redis = connect();
    const options = optionsFor('redis');
    const { queue } = await start(options);
    const [bad, good] = await Promise.all([queue.add('echo', 'bad'), queue.add('echo', 'good')]);
    await Promise.all([bad.result(), good.result()]);
    for (const hash of ['out', 'progress', 'log'])
      await redis.hset(`${options.namespace}:{work}:${hash}`, bad.id, 'm8x2k1f0\n{what is this');
    const listed = await queue.list('completed');
    expect(listed.map(({ id }) => id).toSorted()).toEqual([bad.id, good.id].toSorted());
    expect(listed.find(({ id }) => id === good.id)?.result).toBe('good');
    expect(listed.find(({ id }) => id === bad.id)?.log).toHaveLength(2);
    await expect(bad.result()).rejects.toThrow(PayloadError);
  });

  it('lets an id without a record pass', async () => {
    await using redis = connect();
    const options = optionsFor('redis');
    const { queue } = await start({ ...options, workers: 'none' });
    await redis.rpush(`${options.namespace}:{work}:waiting`, 'ghost');
    const handle = await queue.add('echo', 1);
    await start(options);
    expect(await handle.result()).toBe(1);
    expect(await queue.counts()).toEqual({ ...NOTHING, completed: 1 });
  });

  it('is what was parked: it runs when a worker that can run it starts', async () => {
    const options = optionsFor('redis');
    const producer = await start({ ...options, workers: 'none' });
    const handle = await producer.queue.add('later', 'a');
    const { app } = await start(options);
    await eventually(async () => expect(await producer.queue.counts()).toEqual({ ...NOTHING, parked: 1 }));
    await closeApp(app);
    await startApp(appModule(options, ['work'], { providers: [LaterProcessor] }));
    expect(await handle.result()).toBe('late a');
    expect(await producer.queue.counts()).toEqual({ ...NOTHING, completed: 1 });
  });
});

const brokerOf = (app: INestApplicationContext) => {
  const queue = app.get(DepotRuntime, { strict: false }).queue('work');
  if (!queue) throw new Error('there is no such queue');
  return queue.broker;
};

function connect(): Redis & AsyncDisposable {
  const redis = new Redis(sharedRedisUrl());
  return Object.assign(redis, { [Symbol.asyncDispose]: async () => void (await redis.quit()) });
}
