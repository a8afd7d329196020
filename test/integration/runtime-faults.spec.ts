import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Batch,
  BatchContext,
  BatchResult,
  Ctx,
  Payload,
  Processor,
  Task,
  TASK_STATES,
  TaskContext,
  type DepotOptions,
} from 'nestjs-depot';
import { appModule, closeApp, optionsFor, queueOf, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { random } from '../support/random.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/** More seeds, and longer: DEPOT_FAULT_SEEDS=1,2,3 DEPOT_FAULTS=200. */
const SEEDS = (process.env['DEPOT_FAULT_SEEDS'] ?? '1').split(',').map(Number);
const FAULTS = Number(process.env['DEPOT_FAULTS'] ?? 12);

const SLOTS = 20;
const LEASE_MS = 1_500;
const COMMAND_MS = 300;

/** What the handlers did, as they tell it themselves. */
class Ledger {
  readonly runs = new Map<string, number>();
  readonly done = new Set<number>();

  began(task: TaskContext): void {
    const run = `${task.id}/${task.attempt}`;
    this.runs.set(run, (this.runs.get(run) ?? 0) + 1);
  }

  /** Runs beyond the first of the same attempt. */
  get duplicates(): number {
    let duplicates = 0;
    for (const times of this.runs.values()) duplicates += times - 1;
    return duplicates;
  }
}

let ledger = new Ledger();

@Processor('work', { concurrency: SLOTS })
class WorkProcessor {
  /** One of seven fails at first, and is tried again at once. */
  @Task({ attempts: 3, backoff: 1 })
  async run(@Payload() n: number, @Ctx() task: TaskContext): Promise<number> {
    ledger.began(task);
    await pause(n % 5);
    if (n % 7 === 0 && task.attempt === 1) throw new Error('not at first');
    ledger.done.add(n);
    return n;
  }

  /** The same of several at a time. */
  @Task({ attempts: 3, backoff: 1, batch: { size: 5, wait: 10 } })
  async some(@Payload() numbers: Batch<number>, @Ctx() batch: BatchContext<number>): Promise<BatchResult> {
    for (const item of batch.items) ledger.began(item);
    await pause(numbers.length);
    const result = new BatchResult();
    for (const item of batch.items) {
      if (item.payload % 7 === 0 && item.attempt === 1) result.fail(item, new Error('not at first'));
      else ledger.done.add(item.payload);
    }
    return result;
  }
}

const MANY_SLOTS = 100;

/** So many slots that two calls are under way at a time. */
@Processor('work', { concurrency: MANY_SLOTS })
class CrowdProcessor {
  @Task({ attempts: 3, backoff: 1, aliases: ['some'] })
  async run(@Payload() n: number, @Ctx() task: TaskContext): Promise<number> {
    ledger.began(task);
    await pause(15 + (n % 10));
    if (n % 7 === 0 && task.attempt === 1) throw new Error('not at first');
    ledger.done.add(n);
    return n;
  }
}

const WORKERS = [
  { how: 'few slots and batches', processor: WorkProcessor, slots: SLOTS, lot: 20 },
  { how: 'many slots', processor: CrowdProcessor, slots: MANY_SLOTS, lot: 80 },
];

describe.each(WORKERS)('tasks while the way to Redis breaks, with $how', ({ processor, slots, lot }) => {
  let redis: RedisServer;
  let proxy: TcpProxy;

  beforeAll(async () => {
    redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    proxy = await startProxy({ port: redis.port });
  });

  afterEach(() => proxy.restore());

  afterAll(async () => {
    await proxy.close();
    await redis.stop();
  });

  /** A worker behind the proxy, one beside it, and a producer. */
  async function fleet() {
    ledger = new Ledger();
    const options: DepotOptions = {
      ...optionsFor('redis', { redis: redis.url, shutdownTimeout: '2s' }),
      tasks: { lease: LEASE_MS, keep: { completed: { count: 100_000 } } },
      connection: { commandTimeout: COMMAND_MS, offlineWait: '15s' },
    };
    const work = { providers: [processor] };
    const behind = await startApp(appModule({ ...options, redis: proxy.urlOf(redis.url) }, ['work'], work));
    const beside = await startApp(appModule(options, ['work'], work));
    const producer = await startApp(appModule({ ...options, workers: 'none' }, ['work']));
    const queue = queueOf(producer, 'work');
    let added = 0;
    const enough = new AbortController();
    const load = (async () => {
      while (!enough.signal.aborted) {
        const tasks = Array.from({ length: lot }, (_, i) => ({
          name: i % 2 ? 'run' : 'some',
          payload: added++,
        }));
        await queue.addBulk(tasks);
        await pause(8);
      }
    })();

    return {
      /** Ends the load and checks that everything has been done, and that the fleet is as it was. */
      async settle(duplicatesAllowed: number): Promise<void> {
        // Load after the fault, too.
        const soFar = added;
        await eventually(() => expect(added).toBeGreaterThan(soFar + 60));
        enough.abort();
        await load;
        const none = Object.fromEntries(TASK_STATES.map((state) => [state, 0]));
        await eventually(async () => expect(await queue.counts()).toEqual({ ...none, completed: added }), {
          within: 15_000,
        });
        expect(ledger.done.size).toBe(added);
        expect(ledger.duplicates).toBeLessThanOrEqual(duplicatesAllowed);

        const prefix = `${options.namespace}:{work}:`;
        const of = (key: string) => redis.command(`ZCARD ${prefix}${key}`);
        await eventually(async () => expect([await of('consumers'), await of('idle')]).toEqual(['2', '2']));
        await eventually(() => expect(proxy.size).toBe(2));
        await closeApp(beside);
        // The one behind the proxy is alone now: it hears of a task at once, and its result is heard of.
        const handle = await queue.add('run', 1);
        expect(await handle.result({ timeout: '3s' })).toBe(1);
        await closeApp(behind);
        await eventually(async () => expect(await of('consumers')).toBe('0'));
      },
    };
  }

  describe.each(SEEDS)('with seed %i', (seed) => {
    it.each([
      ['either connection', () => proxy.cut()],
      ['an answer to a script', () => void proxy.dropReplies('evalsha')],
      ['a pushed message', () => void proxy.dropReplies('blpop')],
    ])('loses %s at random moments', async (_what, fault) => {
      const chance = random(seed);
      const { settle } = await fleet();
      for (let i = 0; i < FAULTS; i++) {
        await pause(20 + chance.below(120));
        fault();
      }
      proxy.restore();
      await settle(FAULTS * slots);
    });

    it('hangs longer than a command may take, and delivers late what was sent', async () => {
      const chance = random(seed);
      const { settle } = await fleet();
      for (let i = 0; i < Math.ceil(FAULTS / 12); i++) {
        await pause(100 + chance.below(100));
        proxy.blackhole();
        await pause(COMMAND_MS + chance.below(LEASE_MS));
        proxy.restore();
      }
      await settle(Math.ceil(FAULTS / 12) * slots);
    });

    it('is refused for a while', async () => {
      const { settle } = await fleet();
      await pause(100 + random(seed).below(100));
      proxy.refuse();
      await pause(700);
      proxy.restore();
      await settle(slots);
    });
  });

  it('survives that Redis crashes and comes back with what it had written', async () => {
    const { settle } = await fleet();
    await pause(200);
    await redis.kill();
    await pause(500);
    await redis.start();
    await settle(2 * slots);
  });

  it('survives that Redis stands still for longer than a lease', async () => {
    const { settle } = await fleet();
    await pause(200);
    redis.pause();
    await pause(LEASE_MS + 500);
    redis.resume();
    await settle(2 * slots);
  });
});
