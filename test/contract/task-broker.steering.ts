import { expect, it } from '@jest/globals';
import {
  ADDED,
  cancelled,
  completed,
  countsOf,
  dead,
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

/** A worker with a task of each state, named for it. */
export async function oneOfEach(fleet: Fleet, name?: string): Promise<TestWorker> {
  const worker = await fleet.worker(name === undefined ? {} : { name });
  const { queue } = worker;
  await queue.add([keyed('active', 'keepLast'), ...tasks('completed', 'dead', 'cancelled', 'parked')]);
  await worker.claim(5);
  await worker.step(0, completed('completed'), dead('dead'), cancelled('cancelled'), parked('parked'));
  await queue.add([one('expired', { expiresInMs: 1 })]);
  await fleet.advance(1);
  await worker.step(0);
  await queue.add([keyed('blocked', 'keepLast'), task('delayed', { inMs: 60_000 }), ...tasks('waiting')]);
  return worker;
}

/** Every state but `active`. */
export const CLEANABLE = [
  'waiting',
  'delayed',
  'blocked',
  'completed',
  'dead',
  'cancelled',
  'expired',
  'parked',
] as const;

export function promotingCases(fleet: () => Fleet): void {
  it('makes delayed tasks waiting now, those between attempts too, behind the others', async () => {
    const worker = await fleet().workerWith(['tried']);
    await worker.step(0, retried('tried', 60_000, 2));
    await worker.queue.add([task('a', { inMs: 90_000 }), task('b', { inMs: 80_000 }), ...tasks('x')]);

    expect(await worker.queue.promote(['a', 'tried'])).toEqual([true, true]);

    expect(await worker.list('waiting')).toEqual(['x', 'a', 'tried']);
    expect(await worker.list('delayed')).toEqual(['b']);
    expect((await worker.step(9)).tasks.map(({ id, tries }) => [id, tries])).toEqual([
      ['x', 0],
      ['a', 0],
      ['tried', 2],
    ]);
  });

  it('says of everything else that it was not delayed, and leaves it alone', async () => {
    const worker = await oneOfEach(fleet());
    const before = await fleet().look();

    const others = [...CLEANABLE, 'active', 'missing'].filter((state) => state !== 'delayed');
    expect(await worker.queue.promote(others)).toEqual(others.map(() => false));

    expect(await fleet().look()).toEqual(before);
    expect(await worker.queue.promote(['delayed', 'delayed'])).toEqual([true, false]);
    expect(await worker.list('waiting')).toEqual(['waiting', 'delayed']);
  });

  it('hands them to idle consumers, as far as they have room', async () => {
    const worker = await fleet().worker();
    await worker.claim(2);
    await worker.queue.add(['a', 'b', 'c'].map((id) => task(id, { inMs: 9_000 })));

    await worker.queue.promote(['c', 'b', 'a']);

    expect(await worker.handedIds()).toEqual(['c', 'b']);
    expect(await worker.list('waiting')).toEqual(['a']);
  });

  it('keeps priority and group', async () => {
    const worker = await fleet().worker();
    const due = { inMs: 9_000 };
    await worker.queue.add([
      one('low', { priority: 1, due }),
      one('high', { priority: 9, group: 'g', due }),
      one('x'),
    ]);

    await worker.queue.promote(['low', 'high']);

    expect(await worker.claim(9)).toEqual(['high', 'x', 'low']);
  });
}

export function cleaningCases(fleet: () => Fleet): void {
  for (const state of CLEANABLE) {
    it(`removes all that is ${state}, and nothing else`, async () => {
      const worker = await oneOfEach(fleet());
      await worker.queue.awaitOutcome(state);
      const counts = await worker.queue.counts();

      expect(await worker.queue.clean(state, 0)).toBe(1);
      expect(await worker.queue.clean(state, 0)).toBe(0);

      expect(await worker.queue.counts()).toEqual({ ...counts, [state]: 0 });
      expect(await worker.queue.read([state])).toEqual([undefined]);
      expect(await worker.queue.add(tasks(state))).toEqual([ADDED]);
    });
  }

  it('tells who waits that a task was removed', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([...tasks('a'), task('b', { inMs: 50 })]);
    await worker.queue.awaitOutcome('a');
    await worker.queue.awaitOutcome('b');

    await worker.queue.clean('waiting', 0);
    await worker.queue.clean('delayed', 0);

    expect(await worker.told()).toEqual([
      { id: 'a', state: 'removed', outcome: '' },
      { id: 'b', state: 'removed', outcome: '' },
    ]);
  });

  it('removes of what has ended or is parked only what is so for long enough', async () => {
    const ends = { completed, dead, cancelled, parked } as const;
    for (const [state, end] of Object.entries(ends) as [keyof typeof ends, (typeof ends)['dead']][]) {
      const worker = await fleet().workerWith(['a', 'b'], { name: state });
      await worker.step(0, end('a'));
      await fleet().advance(100);
      await worker.step(0, end('b'));
      await fleet().advance(100);

      expect(await worker.queue.clean(state, 201)).toBe(0);
      expect(await worker.queue.clean(state, 200)).toBe(1);
      expect(await worker.list(state)).toEqual(['b']);
    }
  });

  it('removes waiting tasks wherever they wait: suspects, set aside, of any priority, in groups, held back', async () => {
    const settings = { maxCrashes: 9, limits: { group: { concurrency: 1 } } };
    const worker = await fleet().worker(settings);
    await worker.queue.add(tasks('suspect'));
    const doomed = await fleet().worker(settings);
    await doomed.claim(1);
    await fleet().kill(doomed);
    await fleet().outlive(worker, 0);
    await worker.queue.pause('x');
    const holder = await fleet().worker(settings);
    await worker.queue.add([one('aside', { name: 'x' }), ...grouped('g', 2)]);
    expect([...(await holder.claim(9))].sort()).toEqual(['g1', 'suspect']);
    await holder.queue.leave(holder.consumer);
    const second = await fleet().worker(settings);
    expect(await second.claim(1)).toHaveLength(1);
    await worker.queue.add([
      one('low', { priority: 0 }),
      one('high', { priority: 9 }),
      one('h1', { group: 'h' }),
    ]);
    const { waiting } = await worker.queue.counts();
    expect(waiting).toBe(6);

    expect(await worker.queue.clean('waiting', 0)).toBe(6);

    expect(await worker.queue.counts()).toEqual(countsOf({ active: 1 }));
    await worker.queue.resume('x');
    expect(await worker.claim(9)).toEqual([]);
  });

  it('removes very many in several calls', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(tasks(...Array.from({ length: 700 }, (_, at) => `t${at}`)));

    expect(await worker.queue.clean('waiting', 0)).toBe(500);
    expect(await worker.list('waiting')).toHaveLength(200);
    expect(await worker.list('waiting')).toContain('t699');
    expect(await worker.queue.clean('waiting', 0)).toBe(200);
    expect(await worker.queue.clean('waiting', 0)).toBe(0);
  });

  it('frees the keys of what it removes', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([keyed('a', 'reject')]);
    await worker.queue.clean('waiting', 0);

    expect(await worker.queue.add([keyed('b', 'reject')])).toEqual([ADDED]);
  });
}

export function obliteratingCases(fleet: () => Fleet): void {
  it('leaves nothing of any task, and tells who waits', async () => {
    const worker = await oneOfEach(fleet());
    for (const id of ['waiting', 'active']) expect(await worker.queue.awaitOutcome(id)).toBe('pending');

    await worker.queue.obliterate();

    expect(await worker.queue.counts()).toEqual(countsOf({}));
    expect(await fleet().look()).toMatchObject({ records: [], sideRecords: [] });
    expect([...(await worker.told())].sort((a, b) => a.id.localeCompare(b.id))).toEqual([
      { id: 'active', state: 'removed', outcome: '' },
      { id: 'waiting', state: 'removed', outcome: '' },
    ]);
    expect(await worker.queue.read(['waiting', 'active', 'dead'])).toEqual([undefined, undefined, undefined]);
  });

  it('ends the consumers, who find out and carry on under a new name', async () => {
    const worker = await oneOfEach(fleet());
    const before = worker.consumer;

    await worker.queue.obliterate();

    expect(await worker.queue.consumers()).toEqual([]);
    expect(await worker.queue.step(before, [completed('active')], 5)).toBe('lost');
    expect(await worker.join({ consumer: before, keep: ['active'] })).toEqual([]);
    expect(worker.consumer).not.toBe(before);
    await worker.queue.add(tasks('new'));
    expect(await worker.claim(5)).toEqual(['new']);
  });

  it('tells the consumers to look, busy or idle', async () => {
    const [busy, idle] = [await oneOfEach(fleet()), await fleet().worker()];
    await idle.step(1);
    const before = [await busy.dues(), await idle.dues()];

    await busy.queue.obliterate();

    expect([await busy.dues(), await idle.dues()]).toEqual(before.map((dues) => [...dues, 0]));
    expect(await idle.queue.step(idle.consumer, [], 1)).toBe('lost');
  });

  it('leaves no pause, key, slot, token, room or turn behind', async () => {
    const limits = { backlog: 3, rate: { max: 2, perMs: 60_000 }, group: { concurrency: 1 } };
    const worker = await fleet().worker({ limits });
    await worker.queue.add([{ ...keyed('a', 'throttle'), group: 'g' }, ...grouped('g', 2)]);
    await worker.claim(9);
    await worker.queue.pause();
    await worker.queue.pause('send');

    await worker.queue.obliterate();

    expect(await worker.queue.paused()).toEqual({ queue: false, names: [] });
    await worker.join();
    expect(await worker.queue.add([{ ...keyed('b', 'throttle'), group: 'g' }, ...tasks('c', 'd')])).toEqual([
      ADDED,
      ADDED,
      ADDED,
    ]);
    expect(await worker.claim(9)).toHaveLength(2);
  });

  it('keeps the limits', async () => {
    const worker = await fleet().worker({ limits: { concurrency: 1 } });
    await worker.queue.obliterate();
    await worker.join();
    await worker.queue.add(tasks('a', 'b'));

    expect(await worker.claim(9)).toEqual(['a']);
  });

  it('leaves other queues alone', async () => {
    const [one, other] = [await oneOfEach(fleet()), await oneOfEach(fleet(), 'other')];
    const before = await fleet().look('other');

    await one.queue.obliterate();

    expect(await fleet().look('other')).toEqual(before);
    await other.step(0, completed('active'));
  });
}
