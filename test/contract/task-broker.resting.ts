import { expect, it } from '@jest/globals';
import {
  cancelled,
  completed,
  dead,
  IDLE_LEASE,
  LEASE,
  one,
  parked,
  retried,
  SETTINGS,
  task,
  tasks,
  TestWorker,
  type Fleet,
} from './task-broker.fleet.js';

const isQuiet = (worker: TestWorker, ...others: readonly TestWorker[]): Promise<boolean> =>
  worker.process.broker.quiet([worker, ...others].map(({ queue }) => queue.name));

const rest = (worker: TestWorker, ...others: readonly TestWorker[]): Promise<boolean> =>
  worker.process.broker.rest(
    [worker, ...others].map(({ queue, consumer }) => ({ queue: queue.name, consumer })),
  );

const special = (id: string): ReturnType<typeof one> =>
  one(id, {
    priority: 7,
    group: 'g',
    expiresInMs: 60_000,
    unique: { key: id, mode: 'reject', ttlMs: 600_000 },
  });

/** Whether there is nothing that an idle consumer could have to look at. */
export function quietCases(fleet: () => Fleet): void {
  it('is in a queue that nobody has ever used, and in one that is idle', async () => {
    const worker = await fleet().worker();
    expect(await isQuiet(worker)).toBe(true);
    await worker.step(1);
    expect(await isQuiet(worker)).toBe(true);
    expect(await worker.process.broker.quiet([])).toBe(true);
    expect(await worker.process.broker.quiet(['never opened'])).toBe(true);
  });

  it('is in a queue where everything has ended, whatever is kept of it', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(['a', 'b', 'c', 'd'].map(special));
    expect(await worker.claim(3)).toEqual(['a', 'b', 'c']);
    await fleet().advance(60_001);
    await worker.step(0, completed('a'), dead('b'), cancelled('c'));

    expect(await worker.queue.counts()).toMatchObject({ completed: 1, dead: 1, cancelled: 1, expired: 1 });
    expect(await isQuiet(worker)).toBe(true);
  });

  it.each<[string, (worker: TestWorker) => Promise<unknown>]>([
    ['waits', (worker) => worker.queue.add(tasks('a'))],
    ['is delayed', (worker) => worker.queue.add([task('a', { inMs: 60_000 })])],
    ['waits with a priority', (worker) => worker.queue.add([one('a', { priority: 9 })])],
    ['waits with a group', (worker) => worker.queue.add([one('a', { group: 'g' })])],
    [
      'waits with a group and a priority',
      (worker) => worker.queue.add([one('a', { priority: 0, group: 'g' })]),
    ],
    [
      'waits in the lane of a paused name',
      async (worker) => {
        await worker.queue.pause('send');
        await worker.queue.add(tasks('a'));
        await worker.step(1);
      },
    ],
    [
      'is in hand',
      async (worker) => {
        await worker.queue.add(tasks('a'));
        await worker.step(1);
      },
    ],
    [
      'was handed over',
      async (worker) => {
        await worker.step(1);
        await worker.queue.add(tasks('a'));
      },
    ],
    [
      'is parked',
      async (worker) => {
        await worker.queue.add(tasks('a'));
        await worker.step(1);
        await worker.step(0, parked('a'));
      },
    ],
    [
      'will be tried again',
      async (worker) => {
        await worker.queue.add(tasks('a'));
        await worker.step(1);
        await worker.step(0, retried('a', 60_000));
      },
    ],
  ])('is not in a queue where something %s', async (_, happens) => {
    const [worker, other] = [await fleet().worker(), await fleet().worker({ name: 'other' })];
    await happens(worker);

    expect(await isQuiet(worker)).toBe(false);
    expect(await isQuiet(other, worker)).toBe(false);
    expect(await isQuiet(other)).toBe(true);
  });

  it('is not where a limit of its group holds something back', async () => {
    const worker = await fleet().worker({ limits: { group: { rate: { max: 1, perMs: 60_000 } } } });
    await worker.queue.add([one('a', { group: 'g' }), one('b', { group: 'g' })]);
    expect(await worker.claim(2)).toEqual(['a']);
    await worker.step(0, completed('a'));

    expect(await isQuiet(worker)).toBe(false);
  });

  it('is not where something may be killing workers', async () => {
    const [doomed, worker] = [await fleet().workerWith(['a']), await fleet().worker()];
    await fleet().kill(doomed);
    await fleet().outlive(worker, 0);

    expect(await fleet().places()).toEqual({ suspects: ['a'] });
    expect(await isQuiet(worker)).toBe(false);
  });
}

/** How the leases of idle consumers are extended. */
export function restingCases(fleet: () => Fleet): void {
  /** Consumers of two queues in one process. */
  const twoQueues = async (): Promise<readonly [TestWorker, TestWorker]> => {
    const one = await fleet().worker();
    const settings = { ...SETTINGS, name: 'other', idleLeaseMs: 2 * IDLE_LEASE };
    const other = new TestWorker(one.process, one.process.broker.queue(settings));
    await other.join();
    return [one, other];
  };

  it('extends the leases of the consumers of several queues', async () => {
    const [one, other] = await twoQueues();
    await fleet().advance(IDLE_LEASE / 2);

    expect(await rest(one, other)).toBe(true);

    const now = fleet().engine.now();
    expect((await fleet().look()).consumers.get(one.consumer)).toBe(now + IDLE_LEASE);
    expect((await fleet().look('other')).consumers.get(other.consumer)).toBe(now + 2 * IDLE_LEASE);
  });

  it('keeps a consumer that is handed tasks', async () => {
    const worker = await fleet().worker();
    await worker.step(1);
    for (let i = 0; i < 3; i++) {
      await fleet().advance(IDLE_LEASE * 0.9);
      expect(await rest(worker)).toBe(true);
    }

    await worker.queue.add(tasks('a'));

    expect(await worker.handedIds()).toEqual(['a']);
  });

  it('says so, and brings nobody back, when one of them is no consumer any more', async () => {
    const [worker, gone] = await twoQueues();
    await gone.queue.leave(gone.consumer);
    await fleet().advance(1_000);

    expect(await rest(worker, gone)).toBe(false);

    expect((await fleet().look('other')).consumers.size).toBe(0);
    expect(await gone.queue.beat(gone.consumer, 'idle')).toBe('lost');
  });

  it('leaves the lease short of one that was handed a task which it has not seen', async () => {
    const [handed, other] = [await fleet().worker(), await fleet().worker()];
    await handed.step(1);
    await handed.queue.add(tasks('a'));
    await fleet().advance(LEASE / 2);

    expect(await rest(handed)).toBe(false);

    await fleet().advance(LEASE / 2 + 1);
    expect(await handed.queue.beat(handed.consumer, 'idle')).toBe('lost');
    expect((await fleet().look()).consumers.get(other.consumer)).toBeGreaterThan(fleet().engine.now());
  });
}
