import { describe, expect, it } from '@jest/globals';
import {
  Ctx,
  OnTask,
  Payload,
  Processor,
  Task,
  TaskContext,
  TaskEvent,
  TaskFailedError,
  type CodecOptions,
  type DepotOptions,
} from 'nestjs-depot';
import { Redis } from 'ioredis';
import { appModule, ENGINES, closeApp, optionsFor, queueOf, signal, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/shared-redis.js';

const SECRET = 'Nightingale';
const k1 = { id: 'k1', key: Buffer.alloc(32, 'the first') };
const k2 = { id: 'k2', key: Buffer.alloc(32, 'the second') };

const ENCRYPTED: CodecOptions = { compress: { above: '1kb' }, encrypt: { keys: [k2, k1] } };

class Heard {
  readonly events: (readonly [name: string, payload: unknown, error: string | undefined])[] = [];
  go = signal();
}

@Processor('agents')
class AgentProcessor {
  constructor(readonly heard: Heard) {}

  @Task({ attempts: 2, backoff: 1 })
  async report(@Payload() payload: { readonly agent: string }, @Ctx() task: TaskContext): Promise<unknown> {
    await task.progress({ met: payload.agent });
    await task.log(`met ${payload.agent}`);
    if (task.attempt === 1) throw new Error(`${payload.agent} is late`);
    return { bytes: new Float64Array([1, 2]), of: payload.agent };
  }

  @Task()
  async fail(payload: { readonly agent: string }): Promise<void> {
    throw new Error(`${payload.agent} is gone`);
  }

  @OnTask('dead')
  gone(event: TaskEvent): void {
    this.heard.events.push([event.name, event.payload, event.error?.message]);
  }
}

const providers = [AgentProcessor, Heard];

describe.each(ENGINES)('an encrypted queue (%s)', (engine) => {
  it('gives everything back that it hid', async () => {
    const app = await startApp(
      appModule(optionsFor(engine, { codec: ENCRYPTED }), ['agents'], { providers }),
    );
    const queue = queueOf(app, 'agents');
    const payload = { agent: SECRET, report: 'so it was '.repeat(200), at: new Date(5) };
    const handle = await queue.add('report', payload);
    const result = { bytes: new Float64Array([1, 2]), of: SECRET };
    expect(await handle.result()).toStrictEqual(result);
    expect(await queue.get(handle.id)).toMatchObject({
      payload,
      result,
      progress: { met: SECRET },
      log: [{ line: `met ${SECRET}` }, { line: `met ${SECRET}` }],
      failures: [{ error: { message: `${SECRET} is late` } }],
    });

    const failing = await queue.add('fail', { agent: SECRET });
    await expect(failing.result()).rejects.toThrow(TaskFailedError);
    await eventually(() => {
      expect(app.get(Heard).events).toEqual([['fail', { agent: SECRET }, `${SECRET} is gone`]]);
    });
  });
});

describe('in Redis', () => {
  it.each<[string, CodecOptions, boolean]>([
    ['a queue', {}, true],
    ['an encrypted queue', ENCRYPTED, false],
  ])('%s', async (_, codec, shows) => {
    const options = optionsFor('redis', { codec });
    const app = await startApp(appModule(options, ['agents'], { providers }));
    const queue = queueOf(app, 'agents');
    await (await queue.add('report', { agent: SECRET })).result();
    await (await queue.add('fail', { agent: SECRET })).result().catch(() => undefined);
    await queue.add('report', { agent: SECRET }, { delay: '1h' });

    const stored = await everythingOf(options);
    expect(stored.filter((text) => text.includes(SECRET)).length > 0).toBe(shows);
    // Two payloads that ended, one that waits, of the present version; workers of before leave those alone that they can't read.
    expect(stored.filter((text) => /^[12](report|fail)\n/.test(text)).map((text) => text.charAt(0))).toEqual(
      shows ? ['1', '1', '1'] : ['2', '2', '2'],
    );
  });
});

describe('a worker without the key', () => {
  it('parks what it can not read, for one that has the key', async () => {
    const options = optionsFor('redis');
    const start = (workers: 'all' | 'none', codec: CodecOptions) =>
      startApp(appModule({ ...options, workers, codec }, ['agents'], { providers }));

    const producer = await start('none', { encrypt: { keys: [k2, k1] } });
    const behind = await start('all', { encrypt: { keys: [k1] } });
    const queue = queueOf(producer, 'agents');
    const handle = await queue.add('report', { agent: SECRET });
    const parked = await eventually(async () => {
      const task = await queue.get(handle.id);
      expect(task?.state).toBe('parked');
      return task;
    });
    expect(parked?.error).toMatchObject({
      name: 'PayloadKeyError',
      message: `payload of task ${handle.id} can't be read: it is encrypted with key 'k2', which is not in codec.encrypt.keys (there are: k1)`,
    });
    await closeApp(behind);

    await start('all', { encrypt: { keys: [k1, k2] } });
    expect(await handle.result()).toMatchObject({ of: SECRET });
  });
});

/** Every text that is stored under the namespace. */
async function everythingOf({ namespace = '' }: DepotOptions): Promise<string[]> {
  const redis = new Redis(sharedRedisUrl());
  try {
    const keys = await redis.keys(`${namespace}:*`);
    const texts = await Promise.all(
      keys.map(async (key) => {
        const type = await redis.type(key);
        if (type === 'hash') return Object.entries(await redis.hgetall(key)).flat();
        if (type === 'list') return redis.lrange(key, 0, -1);
        if (type === 'zset') return redis.zrange(key, 0, '-1');
        if (type === 'set') return redis.smembers(key);
        return [(await redis.get(key)) ?? ''];
      }),
    );
    return texts.flat();
  } finally {
    redis.disconnect();
  }
}
