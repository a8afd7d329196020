import { expect, it } from '@jest/globals';
import type { QueueSettings } from '../../lib/task/task.broker.js';
import {
  ADDED,
  completed,
  exists,
  LEASE,
  one,
  parked,
  retried,
  tasks,
  type Fleet,
  type TestWorker,
} from './task-broker.fleet.js';
import { grouped } from './task-broker.groups.js';
import { keyed } from './task-broker.unique.js';

/** How a consumer goes. After it what it had is somebody else's. */
const GOING = ['it leaves', 'it dies', 'it takes a new name'] as const;

/** Rules that meet: a crash and a stop with each kind of task in hand, expiry with ownership, limits with each other. */
export function crossingCases(fleet: () => Fleet): void {
  const go = async (how: (typeof GOING)[number], worker: TestWorker, observer: TestWorker): Promise<void> => {
    if (how === 'it leaves') await worker.queue.leave(worker.consumer);
    else if (how === 'it takes a new name') await worker.join({ consumer: worker.consumer, keep: [] });
    else {
      await fleet().kill(worker);
      await fleet().outlive(observer, 0);
    }
  };

  /** A worker that has these in hand, and one that looks on. */
  const pair = async (
    settings: Partial<QueueSettings>,
    ...adds: Parameters<TestWorker['queue']['add']>
  ): Promise<readonly [TestWorker, TestWorker]> => {
    const [worker, observer] = [await fleet().worker(settings), await fleet().worker(settings)];
    await worker.queue.add(...adds);
    await worker.claim(9);
    await worker.step(0);
    await observer.step(0);
    return [worker, observer];
  };

  for (const how of GOING) {
    describeGoing(how);
  }

  function describeGoing(how: (typeof GOING)[number]): void {
    it(`ends what was cancelled in the hand of a consumer, and gives the rest back, when ${how}`, async () => {
      const [worker, observer] = await pair({}, tasks('a', 'b', 'c'));
      await observer.queue.cancel(['b']);

      await go(how, worker, observer);

      expect(await observer.states('a', 'b', 'c')).toEqual(['waiting', 'cancelled', 'waiting']);
      expect((await fleet().look()).flags).toEqual([]);
    });

    it(`leaves the unique key with a task in the hand of a consumer when ${how}`, async () => {
      const [worker, observer] = await pair({}, [keyed('a', 'reject'), ...tasks('b')]);

      await go(how, worker, observer);

      expect(await observer.queue.add([keyed('c', 'reject')])).toEqual([exists('a')]);
      expect([...(await observer.claim(9))].sort()).toEqual(['a', 'b']);
      await observer.step(0, completed('a'));
      expect(await observer.queue.add([keyed('c', 'reject')])).toEqual([ADDED]);
    });

    it(`frees the slots of a group that a consumer took up when ${how}`, async () => {
      const [worker, observer] = await pair({ limits: { group: { concurrency: 2 } } }, grouped('g', 5));
      expect(await observer.queue.counts()).toMatchObject({ active: 2, waiting: 3 });

      await go(how, worker, observer);

      expect(await observer.claim(9)).toHaveLength(2);
      const held = await observer.list('active');
      expect(await observer.claim(9, ...held.map((id) => completed(id)))).toHaveLength(2);
    });

    it(`frees the slots of the queue that a consumer took up when ${how}`, async () => {
      const [worker, observer] = await pair({ limits: { concurrency: 3 } }, tasks('a', 'b', 'c', 'd'));

      await go(how, worker, observer);

      expect(await observer.claim(9)).toEqual(['a', 'b', 'c']);
    });

    it(`does not refill a bucket with the tokens of a consumer's tasks when ${how}`, async () => {
      const rate = { max: 2, perMs: 60_000 };
      const [worker, observer] = await pair({ limits: { rate } }, tasks('a', 'b', 'c'));

      await go(how, worker, observer);

      expect(await observer.claim(9)).toEqual([]);
      expect(await observer.queue.counts()).toMatchObject({ waiting: 3, active: 0 });
    });

    it(`gives tasks of a paused name back, to wait for its resume, when ${how}`, async () => {
      const [worker, observer] = await pair({}, [one('x1', { name: 'x' }), one('y1', { name: 'y' })]);
      await observer.queue.pause('x');

      await go(how, worker, observer);

      expect(await observer.claim(9)).toEqual(['y1']);
      await observer.queue.resume('x');
      expect(await observer.handedIds()).toEqual(['x1']);
    });

    it(`does not expire a task that was in the hand of a consumer when ${how}`, async () => {
      const [worker, observer] = await pair({}, [one('a', { expiresInMs: 10 }), ...tasks('b')]);

      await go(how, worker, observer);
      await fleet().advance(LEASE / 4);

      expect([...(await observer.claim(9))].sort()).toEqual(['a', 'b']);
    });

    it(`gives tasks back into their priority when ${how}`, async () => {
      const [worker, observer] = await pair({}, [one('high', { priority: 8 }), one('low', { priority: 2 })]);
      await observer.queue.add([one('mid'), one('higher', { priority: 9 })]);

      await go(how, worker, observer);

      expect(await observer.claim(9)).toEqual(['higher', 'high', 'mid', 'low']);
    });

    it(`counts what a consumer had as backlog again when ${how}`, async () => {
      const [worker, observer] = await pair({ limits: { backlog: 2 } }, tasks('a', 'b'));
      expect((await observer.queue.add(tasks('c')))[0]?.to).toBe('added');

      await go(how, worker, observer);

      expect((await observer.queue.add(tasks('d')))[0]?.to).toBe('full');
      expect(await observer.claim(9)).toEqual(['a', 'b', 'c']);
    });
  }

  it('expires nothing that has an owner, and ends nothing for an owner whose task has expired elsewhere', async () => {
    const [worker, observer] = await pair({}, [one('a', { expiresInMs: LEASE / 2 })]);
    await fleet().advance(LEASE / 2);
    await observer.tidy();
    expect(await observer.states('a')).toEqual(['active']);

    expect(await worker.claim(1, completed('a'))).toEqual([]);

    expect(await observer.states('a')).toEqual(['completed']);
  });

  it('takes no late acknowledgement of a task that was cancelled with its dead owner', async () => {
    const [worker, observer] = await pair({}, tasks('a', 'b'));
    await observer.queue.cancel(['a']);
    const name = worker.consumer;
    await fleet().outlive(observer, 0);

    expect(await worker.queue.step(name, [completed('a')], 1)).toBe('lost');

    expect(await observer.states('a', 'b')).toEqual(['cancelled', 'waiting']);
  });

  it('lets the smallest of all limits count', async () => {
    const limits = { concurrency: 4, rate: { max: 6, perMs: 60_000 }, group: { concurrency: 2 } };
    const worker = await fleet().worker({ limits });
    await worker.queue.add([...grouped('g', 5), ...tasks('a', 'b', 'c', 'd', 'e', 'f')]);

    const first = await worker.claim(9);
    expect(first).toHaveLength(4);
    expect(first.filter((id) => id.startsWith('g'))).toHaveLength(2);
    await worker.step(0, ...first.map((id) => completed(id)));
    expect(await worker.claim(9)).toHaveLength(2);
    await worker.step(0, ...(await worker.list('active')).map((id) => completed(id)));
    expect(await worker.claim(9)).toEqual([]);
  });

  it('does not use up a slot of a group or a token for what it passes', async () => {
    const limits = { rate: { max: 3, perMs: 60_000 }, group: { concurrency: 1 } };
    const worker = await fleet().worker({ limits });
    await worker.queue.pause('x');
    await worker.queue.add([
      one('aside', { name: 'x', group: 'g' }),
      one('late', { group: 'g', expiresInMs: 100 }),
      ...grouped('g', 2),
      ...tasks('a', 'b'),
    ]);
    await fleet().advance(100);

    const claimed = await worker.claim(9);

    expect([...claimed].sort()).toEqual(['a', 'b', 'g1']);
  });

  it('keeps a blocked task behind its holder when limits keep the holder from running', async () => {
    const [worker, observer] = await pair({ limits: { group: { concurrency: 1 } } }, [
      { ...keyed('first', 'keepLast'), group: 'g' },
    ]);
    await observer.queue.add([{ ...keyed('last', 'keepLast'), group: 'g' }, ...grouped('g', 1)]);
    await observer.claim(9);

    await worker.step(0, retried('first'));

    expect(await observer.handedIds()).toEqual(['g1']);
    expect(await observer.states('first', 'last')).toEqual(['waiting', 'blocked']);
    expect(await observer.claim(9, completed('g1'))).toEqual(['first']);
    expect(await observer.claim(9, completed('first'))).toEqual(['last']);
  });

  it('un-parks into what limits and pauses allow', async () => {
    const [worker, observer] = await pair({ limits: { concurrency: 1 } }, tasks('a'));
    await worker.step(1, parked('a'));
    await observer.queue.add(tasks('b'));
    expect(await observer.list('active')).toEqual(['b']);

    await worker.tidy('send');

    expect(await worker.list('waiting')).toEqual(['a']);
    await observer.queue.pause();
    const owner = (await worker.handedIds()).includes('b') ? worker : observer;
    await owner.step(1, completed('b'));
    expect(await worker.list('waiting')).toEqual(['a']);
  });
}
