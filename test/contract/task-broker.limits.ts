import { expect, it } from '@jest/globals';
import type { QueueLimits } from '../../lib/task/task.broker.js';
import { completed, dead, parked, retried, tasks, type Fleet, type TestWorker } from './task-broker.fleet.js';

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `t${at}`);

export function concurrencyCases(fleet: () => Fleet): void {
  const limits: QueueLimits = { concurrency: 3 };

  it('lets no more tasks be in hand than the limit, whoever claims', async () => {
    const [ann, bob] = [await fleet().worker({ limits }), await fleet().worker({ limits })];
    await ann.queue.add(tasks(...numbered(8)));

    expect(await ann.claim(2)).toEqual(['t0', 't1']);
    expect(await bob.claim(5)).toEqual(['t2']);
    expect(await ann.claim(5)).toEqual([]);
    expect(await ann.queue.counts()).toMatchObject({ active: 3, waiting: 5 });
  });

  it('hands no more over than the limit', async () => {
    const [ann, bob] = [await fleet().worker({ limits }), await fleet().worker({ limits })];
    await ann.claim(5);
    await bob.claim(5);

    await ann.queue.add(tasks(...numbered(8)));

    expect((await ann.handed()).length + (await bob.handed()).length).toBe(3);
    expect(await ann.queue.counts()).toMatchObject({ active: 3, waiting: 5 });
  });

  it('hands the next one to somebody idle whenever one leaves the hand of another', async () => {
    const [ann, bob] = [await fleet().worker({ limits }), await fleet().worker({ limits })];
    await ann.queue.add(tasks(...numbered(8)));
    await ann.claim(3);
    await bob.claim(5);

    await ann.step(0, completed('t0'));
    await ann.step(0, dead('t1'), parked('t2'));

    expect(await bob.handedIds()).toEqual(['t3', 't4', 't5']);
  });

  it('claims within a step what its acknowledgements have made room for', async () => {
    const worker = await fleet().worker({ limits });
    await worker.queue.add(tasks(...numbered(8)));
    await worker.claim(5);

    expect(await worker.claim(5, completed('t0'), retried('t1', 1_000))).toEqual(['t3', 't4']);
  });

  it('makes room when a consumer leaves or is dead', async () => {
    const [ann, bob, cyd] = [
      await fleet().worker({ limits }),
      await fleet().worker({ limits }),
      await fleet().worker({ limits }),
    ];
    await ann.queue.add(tasks(...numbered(8)));
    await ann.claim(2);
    await bob.claim(1);
    expect(await cyd.claim(5)).toEqual([]);

    await bob.queue.leave(bob.consumer);
    expect(await cyd.handedIds()).toEqual(['t2']);
    await fleet().kill(ann);

    expect(await fleet().outlive(cyd, 5)).toEqual(['t0', 't1']);
    expect(await cyd.queue.counts()).toMatchObject({ active: 3 });
  });

  it('holds for suspects, too', async () => {
    const settings = { limits: { concurrency: 1 }, maxCrashes: 9 };
    const observer = await fleet().worker(settings);
    await observer.queue.add(tasks('a'));
    const doomed = await fleet().worker(settings);
    expect(await doomed.claim(1)).toEqual(['a']);
    await fleet().kill(doomed);
    await fleet().outlive(observer, 0);
    expect(await fleet().places()).toEqual({ suspects: ['a'] });
    const [ann, bob] = [await fleet().worker(settings), await fleet().worker(settings)];
    await observer.queue.pause();
    await observer.queue.add(tasks('b'));
    await observer.queue.resume();
    expect(await ann.claim(1)).toEqual(['a']);

    expect(await bob.claim(5)).toEqual([]);
    await ann.step(0, completed('a'));
    expect(await bob.handedIds()).toEqual(['b']);
  });

  it('is no look for who beats while the limit is reached', async () => {
    const [ann, bob] = [await fleet().worker({ limits }), await fleet().worker({ limits })];
    await ann.queue.add(tasks(...numbered(5)));
    await ann.claim(3);
    await bob.claim(1);

    expect(await bob.queue.beat(bob.consumer, 'idle')).toBe('ok');
  });

  it('hands over at once what a raised limit allows', async () => {
    const [ann, idle] = [await fleet().worker({ limits }), await fleet().worker({ limits })];
    await ann.queue.add(tasks(...numbered(8)));
    await ann.claim(3);
    await idle.claim(5);

    const deployed = await fleet().producer({ limits: { concurrency: 5 } });
    await deployed.queue.counts();

    expect(await idle.handedIds()).toEqual(['t3', 't4']);
  });
}

export function changingLimitsCases(fleet: () => Fleet): void {
  const opened = async (limits: QueueLimits | undefined): Promise<TestWorker> => {
    const worker = await fleet().worker({ limits });
    await worker.process.delivered();
    return worker;
  };

  it('takes the limits of the newest to open the queue, for everybody, and says what they replaced', async () => {
    const old = await opened({ concurrency: 1 });
    await old.queue.add(tasks('a', 'b', 'c', 'd'));
    expect(old.replacedLimits).toEqual([]);

    const deployed = await opened({ concurrency: 2 });

    expect(deployed.replacedLimits.map((text) => JSON.parse(text) as unknown)).toEqual([{ concurrency: 1 }]);
    expect(old.replacedLimits).toEqual([]);
    expect(await old.claim(9)).toEqual(['a', 'b']);
  });

  it('says nothing of limits that are the same, however they were written down', async () => {
    await opened({ concurrency: 4, rate: { max: 5, perMs: 10 }, group: { concurrency: 1, backlog: 2 } });

    const again = await opened({
      group: { backlog: 2, concurrency: 1 },
      rate: { perMs: 10, max: 5 },
      concurrency: 4,
    });

    expect(again.replacedLimits).toEqual([]);
  });

  it('leaves stored limits as they are when somebody says nothing of them', async () => {
    const first = await opened({ concurrency: 1 });
    await first.queue.add(tasks('a', 'b'));

    const silent = await opened(undefined);

    expect(silent.replacedLimits).toEqual([]);
    expect(await silent.claim(9)).toEqual(['a']);
  });

  it('has no limits any more when somebody says that there are none', async () => {
    const first = await opened({ concurrency: 1 });
    await first.queue.add(tasks('a', 'b', 'c'));

    const free = await opened({});

    expect(free.replacedLimits).toHaveLength(1);
    expect(await free.claim(9)).toEqual(['a', 'b', 'c']);
  });

  it('keeps the limits of a queue to that queue', async () => {
    await opened({ concurrency: 1 });
    const other = await fleet().worker({ name: 'other', limits: undefined });
    await other.queue.add(tasks('a', 'b'));

    expect(await other.claim(9)).toEqual(['a', 'b']);
  });
}
