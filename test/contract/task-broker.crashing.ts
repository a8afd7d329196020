import { expect, it } from '@jest/globals';
import { crashOutcome } from '../../lib/task/task.outcome.js';
import {
  completed,
  KEEP_NOTHING,
  LEASE,
  retried,
  tasks,
  type Fleet,
  type TestWorker,
} from './task-broker.fleet.js';

export function crashingCases(fleet: () => Fleet): void {
  /** A new worker claims what it can, and is killed with it. Returns what it had. */
  const crash = async (observer: TestWorker, slots: number): Promise<readonly string[]> => {
    const doomed = await fleet().worker();
    const had = await doomed.claim(slots);
    await fleet().kill(doomed);
    for (let left = LEASE + 1; left > 0; left -= LEASE / 4) {
      await fleet().advance(Math.min(left, LEASE / 4));
      await observer.step(0);
    }
    return had;
  };

  it('runs a task again that was alone in hand, without counting an attempt', async () => {
    const observer = await fleet().worker();
    await observer.queue.add(tasks('a'));

    expect(await crash(observer, 1)).toEqual(['a']);

    expect(await observer.queue.list('waiting', 0, -1)).toEqual(['a']);
    expect((await observer.step(1)).tasks).toMatchObject([{ id: 'a', tries: 0 }]);
  });

  it('buries a task that alone has killed maxCrashes workers, and tells who waits', async () => {
    const observer = await fleet().worker();
    await observer.queue.add(tasks('poison'));
    await observer.queue.awaitOutcome('poison');

    await crash(observer, 1);
    await crash(observer, 1);

    expect(await observer.queue.read(['poison'])).toMatchObject([
      { state: 'dead', outcome: crashOutcome(2), at: fleet().engine.now() },
    ]);
    expect(await observer.told()).toEqual([{ id: 'poison', state: 'dead', outcome: crashOutcome(2) }]);
  });

  it('buries at the first crash when told so, and keeps nothing when told so', async () => {
    const settings = {
      maxCrashes: 1,
      keep: KEEP_NOTHING,
    };
    const doomed = await fleet().workerWith(['poison'], settings);
    const observer = await fleet().worker(settings);
    await observer.queue.awaitOutcome('poison');
    await fleet().kill(doomed);

    expect(await fleet().outlive(observer, 1)).toEqual([]);

    expect(await observer.queue.read(['poison'])).toEqual([undefined]);
    expect(await observer.told()).toEqual([{ id: 'poison', state: 'dead', outcome: crashOutcome(1) }]);
  });

  it('takes back very many, from the dead and from those who leave', async () => {
    const ids = Array.from({ length: 8_500 }, (_, at) => `t${String(at).padStart(4, '0')}`);
    const [doomed, observer] = [await fleet().worker(), await fleet().worker()];
    const takeAll = async (worker: TestWorker): Promise<void> => {
      while ((await worker.queue.counts()).active < ids.length) await worker.claim(ids.length);
    };
    await doomed.queue.add(tasks(...ids));
    await takeAll(doomed);
    await fleet().kill(doomed);
    await fleet().outlive(observer, 0);
    expect(await observer.queue.list('waiting', 0, -1)).toEqual(ids);

    await takeAll(observer);
    await observer.queue.leave(observer.consumer);

    expect(await observer.queue.list('waiting', 0, -1)).toEqual(ids);
  });

  it('blames nobody of many at the first crash (B2)', async () => {
    const observer = await fleet().worker();
    await observer.queue.add(tasks('a', 'b', 'c'));

    await crash(observer, 3);

    expect(await fleet().places()).toEqual({ waiting: ['a', 'b', 'c'] });
    expect(await observer.claim(3)).toEqual(['a', 'b', 'c']);
  });

  it('runs those that were in two crashes one per consumer, and buries the poison alone', async () => {
    const observer = await fleet().worker();
    await observer.queue.add(tasks('a', 'poison', 'z'));
    await crash(observer, 3);
    await crash(observer, 3);
    expect([...((await fleet().places())['suspects'] ?? [])].sort()).toEqual(['a', 'poison', 'z']);

    const [ann, bob, doomed] = [await fleet().worker(), await fleet().worker(), await fleet().worker()];
    const owner = new Map<string, TestWorker>();
    for (const worker of [ann, bob, doomed]) {
      const claimed = await worker.claim(5);
      expect(claimed).toHaveLength(1);
      owner.set(claimed[0] ?? '', worker);
    }
    await owner.get('a')?.step(0, completed('a'));
    await owner.get('z')?.step(0, completed('z'));
    await fleet().kill(...[owner.get('poison')].filter((worker) => worker !== undefined));
    await fleet().outlive(observer, 0);
    expect(await crash(observer, 3)).toEqual(['poison']);

    expect(await observer.queue.read(['poison'])).toMatchObject([
      { state: 'dead', outcome: crashOutcome(2) },
    ]);
    expect(await observer.queue.counts()).toMatchObject({ completed: 2, dead: 1 });
  });

  it('blames the suspect alone, not what ran beside it', async () => {
    const observer = await fleet().worker();
    await observer.queue.add(tasks('suspect'));
    await crash(observer, 1);
    await observer.queue.add(tasks('x', 'y'));

    expect(await crash(observer, 3)).toEqual(['suspect', 'x', 'y']);

    expect(await observer.queue.read(['suspect'])).toMatchObject([{ state: 'dead' }]);
    expect(await fleet().places()).toEqual({ dead: ['suspect'], waiting: ['x', 'y'] });
    await crash(observer, 3);
    expect(await fleet().places()).toMatchObject({ waiting: ['x', 'y'] });
  });

  it('forgets the blame when an attempt ends', async () => {
    const observer = await fleet().worker();
    await observer.queue.add(tasks('a'));
    await crash(observer, 1);
    expect(await observer.claim(1)).toEqual(['a']);
    expect(await observer.claim(0, retried('a'))).toEqual([]);

    await crash(observer, 1);

    expect(await fleet().places()).toEqual({ suspects: ['a'] });
  });

  it('blames nobody for a worker that leaves or takes a new name', async () => {
    const observer = await fleet().worker();
    const worker = await fleet().workerWith(['a']);
    for (let times = 0; times < 3; times++) {
      await worker.join({ consumer: worker.consumer, keep: times === 0 ? ['a'] : [] });
      await worker.claim(1);
    }
    await worker.queue.leave(worker.consumer);
    expect(await observer.queue.list('waiting', 0, -1)).toEqual(['a']);

    await crash(observer, 1);

    expect(await fleet().places()).toEqual({ suspects: ['a'] });
  });

  it('clears a task of the blame when its worker turns out to live', async () => {
    const observer = await fleet().worker();
    const late = await fleet().workerWith(['a']);
    for (let times = 0; times < 3; times++) {
      await fleet().outlive(observer, 0);
      expect(await fleet().places()).toEqual({ suspects: ['a'] });
      expect(await late.join({ consumer: late.consumer, keep: ['a'] })).toEqual([]);
      expect(await late.claim(1)).toEqual(['a']);
    }
  });

  it('shows suspects as waiting, before the others, and can remove them', async () => {
    const observer = await fleet().worker();
    await observer.queue.add(tasks('a'));
    await crash(observer, 1);
    await observer.queue.add(tasks('b', 'c'));

    expect(await observer.queue.list('waiting', 0, -1)).toEqual(['a', 'b', 'c']);
    expect(await observer.queue.list('waiting', 1, 1)).toEqual(['b']);
    expect(await observer.queue.list('waiting', -3, -3)).toEqual(['a']);
    expect(await observer.queue.list('waiting', 0, -5)).toEqual([]);
    expect(await observer.queue.counts()).toMatchObject({ waiting: 3 });
    expect(await observer.queue.read(['a'])).toMatchObject([{ state: 'waiting' }]);
    expect(await observer.queue.remove(['a'])).toEqual(['removed']);
    expect(await fleet().places()).toEqual({ waiting: ['b', 'c'] });
  });

  it('hands suspects to idle others, one each', async () => {
    const observer = await fleet().worker();
    await observer.queue.add(tasks('a', 'b', 'c'));
    await crash(observer, 3);
    const [ann, bob] = [await fleet().worker(), await fleet().worker()];
    const doomed = await fleet().worker();
    expect(await doomed.claim(3)).toEqual(['a', 'b', 'c']);
    await ann.claim(3);
    await bob.claim(3);
    await fleet().kill(doomed);

    for (let left = LEASE; left > 0; left -= LEASE / 4) {
      await fleet().advance(LEASE / 4);
      for (const worker of [ann, bob]) expect(await worker.claim(3)).toEqual([]);
    }
    await fleet().advance(1);
    await observer.step(0);

    expect(await ann.handed()).toHaveLength(1);
    expect(await bob.handed()).toHaveLength(1);
    expect((await fleet().places())['suspects']).toHaveLength(1);
    const [first] = await ann.handedIds();
    expect(await ann.claim(3, completed(first ?? ''))).toHaveLength(1);
  });

  it('keeps the suspicion when the worker of a suspect takes a new name', async () => {
    const observer = await fleet().worker();
    await observer.queue.add(tasks('a'));
    await crash(observer, 1);
    const doomed = await fleet().worker();
    expect(await doomed.claim(1)).toEqual(['a']);
    await doomed.queue.add(tasks('b', 'c'));
    await doomed.join({ consumer: doomed.consumer, keep: ['a'] });
    expect(await doomed.claim(3)).toEqual(['b', 'c']);
    await fleet().kill(doomed);

    await fleet().outlive(observer, 0);

    expect(await fleet().places()).toEqual({ dead: ['a'], waiting: ['b', 'c'] });
  });

  it('takes the next suspect when the record of one is gone', async () => {
    const observer = await fleet().worker();
    await observer.queue.add(tasks('a'));
    await crash(observer, 1);
    await observer.queue.add(tasks('b'));
    const doomed = await fleet().worker();
    const other = await fleet().worker();
    expect(await doomed.claim(1)).toEqual(['a']);
    expect(await other.claim(1)).toEqual(['b']);
    await fleet().kill(doomed, other);
    await observer.queue.add(tasks('c'));
    const third = await fleet().worker();
    expect(await third.claim(1)).toEqual(['c']);
    await fleet().kill(third);
    await fleet().outlive(observer, 0);
    const { suspects } = (await fleet().look()).places;
    expect(suspects.length).toBeGreaterThanOrEqual(2);
    await fleet().dropRecord(suspects[0] ?? '');

    expect(await observer.claim(1)).toEqual([suspects[1]]);
    expect((await fleet().look()).suspected.get(observer.consumer)).toBe(suspects[1]);
  });
}
