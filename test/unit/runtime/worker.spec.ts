import { describe, expect, it } from '@jest/globals';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import { Worker } from '../../../lib/task/runtime/worker.js';
import { Deferred } from '../../support/deferred.js';
import { Bench, task } from './bench.js';
import { NOTHING, turns } from './scripted-broker.js';

const SETTINGS = {
  leaseMs: 3_000,
  sweepMs: 10_000,
  restMs: 100_000,
  tidyMs: 600_000,
  shutdownTimeoutMs: 20_000,
};
const gone = (): Promise<never> => Promise.reject(new EngineUnavailableError('gone'));
const never = (): Promise<never> => new Promise(() => undefined);

/** Workers share the first bench's clock. */
function workerOf(benches: readonly Bench[], listen = async (): Promise<void> => undefined) {
  const [first] = benches;
  if (!first) throw new Error('a worker needs a bench here');
  return new Worker(
    benches.map(({ consumer }) => consumer),
    first.tasks,
    listen,
    first.clock,
    SETTINGS,
  );
}

async function working(...ids: readonly string[]) {
  const bench = new Bench();
  if (ids.length > 0) bench.broker.claims(ids.map((id) => task(id)));
  const worker = workerOf([bench]);
  await worker.start();
  await turns();
  bench.news();
  return { bench, worker, clock: bench.clock };
}

describe('a worker', () => {
  it('starts once, listens before it joins', async () => {
    const bench = new Bench();
    const listening = new Deferred<void>();
    const worker = workerOf([bench], () => listening.promise);
    const started = Promise.all([worker.start(), worker.start()]);
    await turns();
    expect(bench.news()).toEqual([]);
    listening.resolve();
    await started;
    expect(bench.broker.count('join')).toBe(1);
    await worker.stop();
  });

  it('keeps a lease alive three times in it while something is in hand, and no longer', async () => {
    const { bench, clock } = await working('a');
    for (let i = 1; i <= 9; i++) {
      await clock.advance(1_000);
      expect(bench.broker.count('beat c1 busy')).toBe(i);
    }
    await bench.end('a');
    bench.news();
    await clock.advance(5_000);
    expect(bench.broker.count('beat c1 busy')).toBe(0);
    bench.broker.push({ kind: 'task', consumer: 'c1', task: task('b') });
    await clock.advance(2_000);
    expect(bench.broker.count('beat c1 busy')).toBe(2);
  });

  it('goes on with the heartbeat when one has no answer', async () => {
    const { bench, clock } = await working('a');
    bench.broker.onBeat = never;
    await clock.advance(5_000);
    expect(bench.broker.count('beat')).toBe(5);
  });

  it('sweeps while idle, at different times in different processes', async () => {
    const { bench, clock } = await working();
    await clock.advance(89_000);
    const sweeps = bench.tasks.count('quiet work');
    expect(sweeps).toBeGreaterThanOrEqual(8);
    expect(sweeps).toBeLessThanOrEqual(9);
    expect(clock.fired).toBe(sweeps);
    expect(bench.news()).toEqual([]);
  });

  it('extends leases while idle', async () => {
    const { bench, clock } = await working();
    await clock.advance(333_000);
    expect(bench.tasks.count('rest c1 of work')).toBe(3);
    expect(bench.news()).toEqual([]);
  });

  it('keeps the heartbeat while running handlers come to their end', async () => {
    const { bench, clock, worker } = await working('a');
    const stopped = worker.stop();
    for (let i = 1; i <= 12; i++) {
      await clock.advance(1_000);
      expect(bench.broker.count('beat c1 busy')).toBe(i);
    }
    await bench.end('a');
    await stopped;
    expect(bench.broker.calls.at(-1)).toBe('leave c1');
    expect(clock.pending).toBe(0);
  });

  it('signs off an idle queue at once while another still drains', async () => {
    const busy = new Bench();
    const idle = new Bench();
    busy.broker.claims([task('a')]);
    const worker = workerOf([busy, idle]);
    await worker.start();
    await turns();
    const stopped = worker.stop();
    await turns();
    expect(idle.broker.calls.at(-1)).toBe('leave c1');
    expect(busy.broker.count('leave')).toBe(0);
    await busy.end('a');
    await stopped;
  });
});

describe('a worker that can not start', () => {
  it('leaves no consumer working', async () => {
    const good = new Bench();
    const bad = new Bench();
    good.broker.claims([task('a')]);
    bad.broker.onJoin = async () => {
      await turns();
      return gone();
    };
    const worker = workerOf([good, bad]);
    await expect(worker.start()).rejects.toThrow('gone');
    expect(good.broker.calls.at(-1)).toBe('leave c1');
    expect(good.clock.pending).toBe(0);
    good.news();
    good.consumer.kick();
    await turns();
    expect(good.news()).toEqual([]);
    await worker.stop();
  });

  it('does not start after it was stopped', async () => {
    const bench = new Bench();
    const worker = workerOf([bench]);
    await worker.stop();
    await worker.start();
    expect(bench.broker.calls).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });
});

describe('a worker that stops', () => {
  it('does so once, and before it was started', async () => {
    const { bench, worker } = await working();
    await Promise.all([worker.stop(), worker.stop()]);
    expect(bench.news()).toEqual(['leave c1']);
    expect(bench.clock.pending).toBe(0);
  });

  it('gives a running handler until the deadline', async () => {
    const { bench, clock, worker } = await working('a');
    let stopped = false;
    const end = worker.stop().then(() => (stopped = true));
    await clock.advance(SETTINGS.shutdownTimeoutMs - 1);
    expect(stopped).toBe(false);
    await clock.advance(1);
    await end;
    expect(bench.run('a').context.signal.aborted).toBe(true);
    expect(bench.broker.calls.at(-1)).toBe('leave c1');
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['starting to listen', 'listen'],
    ['joining', 'onJoin'],
    ['tidying at the start', 'onTidy'],
  ] as const)('is done within the time-out while %s hangs', async (_what, hanging) => {
    const bench = new Bench();
    if (hanging !== 'listen') bench.broker[hanging] = never;
    const worker = workerOf([bench], hanging === 'listen' ? never : undefined);
    void worker.start();
    await turns();
    const stopped = worker.stop();
    await bench.clock.advance(SETTINGS.shutdownTimeoutMs + 1_000);
    await stopped;
    expect(bench.clock.pending).toBe(0);
  });

  it.each([
    ['a step', 'onStep'],
    ['signing off', 'onLeave'],
    ['joining again', 'onJoin'],
  ] as const)('is done within the time-out and a second while %s hangs', async (_what, hanging) => {
    const { bench, clock, worker } = await working('a');
    bench.broker[hanging] = never;
    if (hanging === 'onJoin') bench.broker.gap();
    await bench.end('a');
    const stopped = worker.stop();
    await clock.advance(SETTINGS.shutdownTimeoutMs + 1_000);
    await stopped;
    expect(clock.pending).toBe(0);
  });

  it('leaves no timer when its start ends after all', async () => {
    const bench = new Bench();
    const listening = new Deferred<void>();
    const worker = workerOf([bench], () => listening.promise);
    const started = worker.start();
    const stopped = worker.stop();
    await bench.clock.advance(SETTINGS.shutdownTimeoutMs + 1_000);
    await stopped;
    listening.resolve();
    await started;
    await turns();
    expect(bench.clock.pending).toBe(0);
    expect(bench.broker.calls).toEqual(['join', 'leave c1']);
  });

  it('is done quickly while the engine is away and nothing is in hand', async () => {
    const { bench, clock, worker } = await working();
    Object.assign(bench.broker, { onStep: gone, onJoin: gone, onLeave: gone, onBeat: gone });
    bench.broker.gap();
    await clock.advance(30_000);
    const stopped = worker.stop();
    await clock.advance(4_000);
    await stopped;
    bench.broker.onStep = async () => NOTHING;
    expect(clock.pending).toBe(0);
  });
});
