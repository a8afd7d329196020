import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '../../../lib/common/logger.js';
import { DepotConfigError } from '../../../lib/common/errors.js';
import { underLock } from '../../../lib/depot.task-locks.js';
import { EmbeddedLockStore } from '../../../lib/engines/embedded/embedded-lock.store.js';
import { LockConflictError, LockLostError } from '../../../lib/lock/lock.errors.js';
import type { AcquireOptions } from '../../../lib/lock/lock.options.js';
import { LockService } from '../../../lib/lock/lock.service.js';
import { checkTaskLock } from '../../../lib/task/discovery/task-options.js';
import type { FoundHandler } from '../../../lib/task/discovery/processor.explorer.js';
import { RunningTask } from '../../../lib/task/runtime/running-task.js';
import { TaskCodec } from '../../../lib/task/task.codec.js';
import { RetryTask } from '../../../lib/task/task.errors.js';
import type { TaskContext } from '../../../lib/task/task.context.js';
import type { TaskLockOptions } from '../../../lib/task/task.options.js';
import { DEFAULT_POLICY } from '../../../lib/task/task.policy.js';
import { Deferred } from '../../support/deferred.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { FragileLockStore } from '../lock/fragile-lock.store.js';
import { task } from '../runtime/bench.js';
import { locksOn, TTL } from './lock-app.js';

const byPayload = { key: (payload: string | null) => payload && `order:${payload}` };
const KEY = 'task:work:order:1';

let clock: ManualClock;
let locks: LockService;
let runs: { readonly payload: unknown; readonly context: TaskContext; readonly gate: Deferred<unknown> }[];

beforeEach(() => {
  clock = new ManualClock();
  locks = locksOn(clock);
  runs = [];
});

/** A handler that runs until the test ends it, under a lock. */
function handlerOf(options: TaskLockOptions<never> = byPayload) {
  const found: FoundHandler = {
    queue: 'work',
    names: ['run'],
    title: 'Orders.run',
    concurrency: undefined,
    locked: checkTaskLock(options, 'locked of @Processor("work") of Orders'),
    handler: {
      name: 'run',
      policy: DEFAULT_POLICY,
      concurrency: 7,
      run: (payload, context) => {
        const gate = new Deferred<unknown>();
        runs.push({ payload, context, gate });
        return gate.promise;
      },
    },
  };
  return { found, handler: underLock(found, locks) };
}

/** An attempt of a task in this process. */
function contextOf(id = 'a'): RunningTask {
  const { found } = handlerOf();
  const around = { queue: 'work', clock, codec: TaskCodec.plain, maxPayloadBytes: 1_000 };
  const envelope = { name: 'run', enqueuedAt: 0, overrides: {}, payload: '' };
  return new RunningTask(
    task(id),
    found.handler,
    DEFAULT_POLICY,
    '1',
    envelope,
    around,
    async () => undefined,
  );
}

async function run(payload: unknown = '1', options?: TaskLockOptions<never>, context = contextOf()) {
  const { handler } = handlerOf(options);
  const result = Promise.resolve(handler.run(payload, context));
  result.catch(() => undefined);
  await settled();
  return { result, context };
}

describe('a handler under a lock', () => {
  it('is called with payload and context, and holds the lock of its queue and key', async () => {
    const { result, context } = await run();
    expect(runs).toMatchObject([{ payload: '1', context: { id: 'a', name: 'run', queue: 'work' } }]);
    expect(await locks.inspect(KEY)).toMatchObject({ permits: Number.POSITIVE_INFINITY });
    runs[0]?.gate.resolve('done');

    expect(await result).toBe('done');
    expect(await locks.isHeld(KEY)).toBe(false);
    const told = runs[0]?.context;
    expect(told).toMatchObject({ attempt: 1, attempts: 1, payload: '1', enqueuedAt: context.enqueuedAt });
    await Promise.all([told?.progress(1), told?.log('a line')]);
  });

  it('gives it back when it fails', async () => {
    const { result } = await run();
    runs[0]?.gate.reject(new Error('no'));

    await expect(result).rejects.toThrow('no');
    expect(await locks.isHeld(KEY)).toBe(false);
  });

  it('keeps all that the handler is apart from that', () => {
    const { handler, found } = handlerOf();

    expect({ ...handler, run: undefined }).toEqual({ ...found.handler, run: undefined });
  });

  it('is the handler itself without a lock', () => {
    const { found } = handlerOf();

    expect(underLock({ ...found, locked: undefined }, locks)).toBe(found.handler);
  });

  it.each([null, undefined])('runs beside any other when the key is %p', async (key) => {
    const first = await run('1', { key: () => key });
    await run('1', { key: () => key });

    expect(runs).toHaveLength(2);
    expect(runs[0]?.context).toBe(first.context);
  });

  it('has its turn in order', async () => {
    const all = [await run('1'), await run('1', undefined, contextOf('b')), await run('2')];
    expect(runs).toHaveLength(2);
    runs[0]?.gate.resolve(1);
    await settled();
    expect(runs.map(({ context }) => context.id)).toEqual(['a', 'a', 'b']);
    for (const { gate } of runs) gate.resolve(1);

    await Promise.all(all.map(({ result }) => result));
  });

  it('is deferred when that does not come for 50 ms, by a second or so', async () => {
    await locks.acquire(KEY, { ttl: '1h' });
    const { result } = await run();
    await clock.advance(49);
    expect(await locks.inspect(KEY)).toMatchObject({ waiters: 1 });
    await clock.advance(2);

    await expect(result).rejects.toThrow(LockConflictError);
    const { deferMs } = (await result.catch((error: unknown) => error)) as LockConflictError;
    expect(deferMs).toBeGreaterThanOrEqual(800);
    expect(deferMs).toBeLessThanOrEqual(1_200);
    expect(runs).toEqual([]);
  });

  it('waits, and is deferred, as long as the options say', async () => {
    await locks.acquire(KEY, { ttl: '1h' });
    const { result } = await run('1', { ...byPayload, wait: '5s', delay: '1m' });
    await clock.advance(4_990);
    expect(await locks.inspect(KEY)).toMatchObject({ waiters: 1 });
    await clock.advance(20);
    const { deferMs } = (await result.catch((error: unknown) => error)) as LockConflictError;

    expect(deferMs).toBeGreaterThanOrEqual(48_000);
    expect(deferMs).toBeLessThanOrEqual(72_000);
  });

  it('has the ttl of its options, or that of the module', async () => {
    await run('1', { ...byPayload, ttl: '2s' });
    await run('2');
    const left = async (key: string): Promise<number> =>
      ((await locks.inspect(key))?.until.getTime() ?? 0) - clock.now();

    expect([await left(KEY), await left('task:work:order:2')]).toEqual([2_000, TTL]);
  });

  it('waits no longer once its attempt is over', async () => {
    await locks.acquire(KEY, { ttl: '1h' });
    const { result, context } = await run();
    context.abort(new Error('cancelled'));

    await expect(result).rejects.toThrow('cancelled');
    await settled();
    expect(await locks.inspect(KEY)).toMatchObject({ waiters: 0 });
  });

  it('does not begin when its attempt is over at the moment at which it is granted', async () => {
    const context = contextOf();
    const acquire = locks.acquire.bind(locks);
    locks.acquire = (async (key: string, options: AcquireOptions) => {
      const lock = await acquire(key, options);
      context.abort(new Error('cancelled'));
      return lock;
    }) as LockService['acquire'];
    const { result } = await run('1', undefined, context);

    await expect(result).rejects.toThrow('cancelled');
    expect([runs, await locks.isHeld(KEY)]).toEqual([[], false]);
  });

  it('keeps its lock until it has ended, whatever became of the attempt', async () => {
    const { context } = await run();
    const aborted = runs[0]?.context.signal;
    context.abort(new Error('too late'));
    await settled();

    expect([aborted?.aborted, aborted?.reason]).toEqual([true, new Error('too late')]);
    expect(await locks.isHeld(KEY)).toBe(true);
  });

  it('has a signal that aborts when the lock is lost', async () => {
    const { result, context } = await run();
    const signal = runs[0]?.context.signal;
    await locks.forceRelease(KEY);
    expect(signal?.aborted).toBe(false);
    await clock.advance(TTL);

    expect(signal?.reason).toBeInstanceOf(LockLostError);
    expect(context.signal.aborted).toBe(false);
    runs[0]?.gate.resolve('done all the same');
    expect(await result).toBe('done all the same');
  });

  it('knows that it is lost before any timer could tell, when something blocked the event loop', async () => {
    const { context } = await run();
    const told = runs[0]?.context;
    expect(told?.signal.aborted).toBe(false);
    clock.jump(TTL);

    expect(told?.signal.reason).toBeInstanceOf(LockLostError);
    expect(context.signal.aborted).toBe(false);
    runs[0]?.gate.resolve('done');
  });

  it.each([
    ['before it asks', 0],
    ['while it waits', 60_000],
  ])('is not tried, and no attempt is used, when the engine is away %s', async (_, wait) => {
    const store = new FragileLockStore(new EmbeddedLockStore(clock));
    locks = new LockService(store, { ttlMs: TTL }, clock, silentLogger);
    await locks.acquire(KEY, { ttl: '20s' });
    if (wait === 0) store.away = 'before';
    const { result } = await run('1', { ...byPayload, wait, delay: '10s' });
    store.away = 'before';
    await clock.advance(wait + 1);

    const error: unknown = await result.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RetryTask);
    const { count, message, delayMs } = error as RetryTask;
    expect([count, message]).toEqual([
      false,
      expect.stringMatching(/^the lock of its key could not be asked/),
    ]);
    expect(delayMs).toBeGreaterThanOrEqual(8_000);
    expect(runs).toEqual([]);
  });

  it.each([
    [7, 'is 7; expected text'],
    ['', 'is empty; expected text'],
  ])('fails when its key is %p', async (key, message) => {
    const { result } = await run('1', { key: () => key as string });

    await expect(result).rejects.toThrow(
      `locked of @Processor("work") of Orders: what key returned ${message}`,
    );
  });

  it('has a ttl that a lock can have', () => {
    const define = (): unknown => handlerOf({ ...byPayload, ttl: '366d' });

    expect(define).toThrow(DepotConfigError);
    expect(define).toThrow('locked.ttl of Orders.run is 31622400000; expected 1 ms to 365d');
  });
});
