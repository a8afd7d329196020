import { expect, it } from '@jest/globals';
import {
  completed,
  countsOf,
  KEEP_NOTHING,
  one,
  parked,
  retried,
  task,
  tasks,
  type Fleet,
  type TestWorker,
} from './task-broker.fleet.js';
import { grouped } from './task-broker.groups.js';
import { keyed } from './task-broker.unique.js';

export function expiringCases(fleet: () => Fleet): void {
  /** It has ended as expired, nobody is given it any more, and whoever waited knows. */
  const expectExpired = async (worker: TestWorker, id: string): Promise<void> => {
    const at = fleet().engine.now();
    expect(await worker.queue.read([id])).toMatchObject([{ state: 'expired', at }]);
    expect(await worker.told()).toContainEqual({ id, state: 'expired', outcome: '' });
    expect(await worker.queue.awaitOutcome(id)).toEqual({ state: 'expired', outcome: '' });
  };

  it('ends a waiting task that nobody has claimed in time', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('a', { expiresInMs: 100 }), ...tasks('b')]);
    await worker.queue.awaitOutcome('a');
    expect(await worker.queue.read(['a', 'b'])).toMatchObject([
      { expiresAt: fleet().engine.now() + 100 },
      { expiresAt: undefined },
    ]);
    await fleet().advance(99);
    await worker.step(0);
    expect(await worker.states('a')).toEqual(['waiting']);
    await fleet().advance(1);

    expect(await worker.claim(5)).toEqual(['b']);

    await expectExpired(worker, 'a');
  });

  it('never gives out a task whose time is over, by a claim or by a hand-over', async () => {
    const [ann, idle] = [await fleet().worker(), await fleet().worker()];
    await ann.queue.add([one('a', { expiresInMs: 100 }), one('b', { expiresInMs: 101 })]);
    await ann.queue.pause();
    await idle.claim(5);
    await fleet().advance(100);

    await ann.queue.resume();

    expect(await idle.handedIds()).toEqual(['b']);
    expect(await ann.claim(5)).toEqual([]);
  });

  it('counts from when a delayed task falls due', async () => {
    const worker = await fleet().worker();
    const now = fleet().engine.now();
    await worker.queue.add([
      one('in', { due: { inMs: 1_000 }, expiresInMs: 100 }),
      one('at', { due: { atMs: now + 2_000 }, expiresInMs: 100 }),
      one('past', { due: { atMs: now - 5_000 }, expiresInMs: 100 }),
    ]);

    expect((await worker.queue.read(['in', 'at', 'past'])).map((record) => record?.expiresAt)).toEqual([
      now + 1_100,
      now + 2_100,
      now + 100,
    ]);
    await fleet().advance(1_050);
    expect(await worker.claim(5)).toEqual(['in']);
  });

  it('ends a delayed task for which nobody looked in time', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('a', { due: { inMs: 1_000 }, expiresInMs: 100 })]);
    await worker.queue.awaitOutcome('a');
    await fleet().advance(1_100);

    expect(await worker.claim(5)).toEqual([]);

    await expectExpired(worker, 'a');
  });

  it('ends what is blocked, held back or set aside, too', async () => {
    const worker = await fleet().worker({ limits: { group: { concurrency: 1 } } });
    await worker.queue.pause('x');
    await worker.queue.add([keyed('first', 'keepLast'), ...grouped('g', 1)]);
    await worker.claim(5);
    const late = { expiresInMs: 100 };
    await worker.queue.add([
      { ...keyed('blocked', 'keepLast'), ...late },
      one('held', { group: 'g', ...late }),
      one('aside', { name: 'x', ...late }),
    ]);
    await worker.claim(5);
    expect(await worker.states('blocked', 'held', 'aside')).toEqual(['blocked', 'waiting', 'waiting']);
    for (const id of ['blocked', 'held', 'aside']) await worker.queue.awaitOutcome(id);
    await fleet().advance(100);

    expect(await worker.claim(5)).toEqual([]);

    for (const id of ['blocked', 'held', 'aside']) await expectExpired(worker, id);
    expect(await worker.queue.counts()).toEqual(countsOf({ active: 2, expired: 3 }));
  });

  it('has no expiry any more once it was claimed, whatever becomes of it', async () => {
    const worker = await fleet().worker();
    const ids = ['retried', 'back', 'later', 'parked'];
    await worker.queue.add(ids.map((id) => one(id, { expiresInMs: 100 })));
    expect(await worker.claim(4)).toEqual(ids);
    expect((await worker.queue.read(ids)).map((record) => record?.expiresAt)).toEqual(
      ids.map(() => undefined),
    );
    await worker.step(0, retried('retried'), retried('later', 50), parked('parked'));
    await worker.join({ consumer: worker.consumer, keep: [] });
    await fleet().advance(1_000);
    await worker.tidy('send');

    const claimed = await worker.claim(5);

    expect([...claimed].sort()).toEqual([...ids].sort());
    expect(await worker.queue.counts()).toMatchObject({ expired: 0 });
  });

  it('has no expiry any more once it was handed over', async () => {
    const worker = await fleet().worker();
    await worker.claim(1);
    await worker.queue.add([one('a', { expiresInMs: 100 })]);
    await fleet().advance(200);
    await worker.queue.beat(worker.consumer, 'busy');

    await worker.step(0, completed('a'));

    expect(await worker.states('a')).toEqual(['completed']);
  });

  it('tells somebody idle when the next one expires', async () => {
    const worker = await fleet().worker();
    await worker.queue.pause();
    await worker.queue.add([one('a', { expiresInMs: 700 })]);
    expect((await worker.step(1)).nextMs).toBe(700);

    await worker.queue.add([one('b', { expiresInMs: 300 })]);

    expect((await worker.dues()).at(-1)).toBe(300);
    await fleet().advance(300);
    expect((await worker.step(1)).nextMs).toBe(400);
    expect(await worker.states('a', 'b')).toEqual(['waiting', 'expired']);
  });

  it('asks for a look when something has expired and nobody noticed', async () => {
    const worker = await fleet().worker();
    await worker.queue.pause();
    await worker.queue.add([one('a', { expiresInMs: 100 })]);
    await worker.step(1);
    await fleet().advance(101);

    expect(await worker.queue.beat(worker.consumer, 'idle')).toBe('look');
  });

  it('ends it for whoever asks for its outcome, or tidies, though nobody claims', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('a', { expiresInMs: 100 })]);
    await fleet().advance(100);
    expect(await worker.queue.awaitOutcome('a')).toEqual({ state: 'expired', outcome: '' });

    await worker.queue.add([one('b', { expiresInMs: 100 })]);
    await worker.queue.awaitOutcome('b');
    await fleet().advance(100);
    await worker.tidy();

    await expectExpired(worker, 'b');
  });

  it('ends very many in several calls', async () => {
    const worker = await fleet().worker({ keep: KEEP_NOTHING });
    await worker.queue.add(Array.from({ length: 700 }, (_, at) => one(`t${at}`, { expiresInMs: 100 })));
    await fleet().advance(100);

    const first = await worker.step(0);
    expect(await worker.queue.counts()).toMatchObject({ waiting: 200 });
    expect([first.nextMs, await worker.tidy()]).toEqual([0, { more: false }]);

    expect(await worker.queue.counts()).toEqual(countsOf({}));
  });

  it('is over for one that is promoted as for one that fell due', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('a', { due: { inMs: 1_000 }, expiresInMs: 100 })]);
    const expiresAt = fleet().engine.now() + 1_100;
    await worker.queue.promote(['a']);

    expect(await worker.queue.read(['a'])).toMatchObject([{ state: 'waiting', expiresAt }]);
    await fleet().advance(1_100);
    expect(await worker.claim(1)).toEqual([]);
  });

  it('forgets the expiry of a task with the task', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('a', { expiresInMs: 100 })]);
    await worker.queue.remove(['a']);
    await worker.queue.add(tasks('a'));
    await fleet().advance(100);

    expect(await worker.claim(1)).toEqual(['a']);
    expect(await worker.queue.read(['a'])).toMatchObject([{ expiresAt: undefined }]);
  });

  it('passes what has expired when it claims for few slots', async () => {
    const worker = await fleet().worker();
    const late = Array.from({ length: 20 }, (_, at) => one(`late${at}`, { expiresInMs: 100, priority: 9 }));
    await worker.queue.add([...late, ...tasks('a', 'b')]);
    await fleet().advance(100);

    expect(await worker.claim(1)).toEqual(['a']);
    expect(await worker.queue.counts()).toMatchObject({ waiting: 1, expired: 20 });
  });

  it('keeps nothing of it when told so, and tells who waits', async () => {
    const worker = await fleet().worker({ keep: KEEP_NOTHING });
    await worker.queue.add([one('a', { expiresInMs: 100 }), task('b', { inMs: 100 })]);
    await worker.queue.awaitOutcome('a');
    await fleet().advance(100);

    expect(await worker.claim(5)).toEqual(['b']);

    expect(await worker.told()).toEqual([{ id: 'a', state: 'expired', outcome: '' }]);
    expect(await worker.queue.read(['a'])).toEqual([undefined]);
  });
}
