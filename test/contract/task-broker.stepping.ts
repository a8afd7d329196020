import { expect, it } from '@jest/globals';
import type { Ack } from '../../lib/task/task.broker.js';
import {
  completed,
  countsOf,
  dead,
  keeping,
  parked,
  retried,
  task,
  tasks,
  type Fleet,
} from './task-broker.fleet.js';

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `t${String(at).padStart(4, '0')}`);

export function acknowledgingCases(fleet: () => Fleet): void {
  it('ends a task as completed or dead, with outcome and time', async () => {
    const worker = await fleet().workerWith(['a', 'b']);
    await fleet().advance(10);

    await worker.step(2, completed('a', 'fine'), dead('b'));

    const at = fleet().engine.now();
    expect(await worker.queue.read(['a', 'b'])).toMatchObject([
      { id: 'a', state: 'completed', outcome: 'fine', at },
      { id: 'b', state: 'dead', outcome: 'error of b', tries: 1, at },
    ]);
    expect(await worker.claim(2)).toEqual([]);
  });

  it('makes a task that is to be retried at once claimable, behind the others', async () => {
    const worker = await fleet().workerWith(['a']);
    await worker.queue.add(tasks('b'));

    expect(await worker.claim(1, retried('a'))).toEqual(['b']);

    expect((await worker.step(2)).tasks).toMatchObject([{ id: 'a', tries: 1 }]);
  });

  it('delays a task that is to be retried later, and keeps what went wrong', async () => {
    const worker = await fleet().workerWith(['a']);

    expect(await worker.claim(1, retried('a', 300, 2))).toEqual([]);

    const at = fleet().engine.now() + 300;
    expect(await worker.queue.read(['a'])).toMatchObject([
      { state: 'delayed', at, tries: 2, outcome: 'error of a' },
    ]);
    await fleet().advance(299);
    expect(await worker.claim(1)).toEqual([]);
    await fleet().advance(1);
    expect((await worker.step(1)).tasks).toMatchObject([{ id: 'a', tries: 2 }]);
  });

  it('rounds a delay up, never down', async () => {
    const worker = await fleet().workerWith(['a']);
    await worker.step(1, retried('a', 0.4));

    expect(await worker.claim(1)).toEqual([]);
    await fleet().advance(1);
    expect(await worker.claim(1)).toEqual(['a']);
  });

  it('does not count an attempt that says so', async () => {
    const worker = await fleet().workerWith(['a']);

    expect((await worker.step(1, retried('a', 0, 0))).tasks).toMatchObject([{ id: 'a', tries: 0 }]);
    expect((await worker.step(1, retried('a', 0, 1))).tasks).toMatchObject([{ id: 'a', tries: 1 }]);
    expect((await worker.step(1, retried('a', 0, 1))).tasks).toMatchObject([{ id: 'a', tries: 1 }]);
  });

  it('parks a task that nobody here can run', async () => {
    const worker = await fleet().workerWith(['a']);

    expect(await worker.claim(1, parked('a'))).toEqual([]);

    const at = fleet().engine.now();
    expect(await worker.queue.read(['a'])).toMatchObject([
      { state: 'parked', at, outcome: 'nobody knows a' },
    ]);
    expect(await worker.queue.list('parked', 0, -1)).toEqual(['a']);
  });

  it('takes acknowledgements of every kind in one call', async () => {
    const worker = await fleet().workerWith(['a', 'b', 'c', 'd', 'e']);

    const acks: Ack[] = [completed('a'), retried('b'), dead('c'), retried('d', 50), parked('e')];
    expect(await worker.claim(5, ...acks)).toEqual(['b']);

    expect(await worker.queue.counts()).toEqual(
      countsOf({ delayed: 1, active: 1, completed: 1, dead: 1, parked: 1 }),
    );
  });

  it('takes a thousand acknowledgements in one call', async () => {
    const ids = numbered(1_000);
    const worker = await fleet().workerWith(ids, {
      keep: keeping({ completed: { count: 5_000 } }),
    });

    await worker.step(0, ...ids.map((id) => completed(id)));

    expect(await worker.queue.counts()).toMatchObject({ active: 0, completed: 1_000 });
  });

  it('does nothing at all for a consumer that is not known', async () => {
    const worker = await fleet().workerWith(['a']);
    const { queue } = worker;
    await queue.add([...tasks('b'), task('c', { inMs: 5 })]);
    await fleet().advance(10);
    const before = await fleet().look();

    expect(await queue.step('123:nobody', [completed('a')], 5)).toBe('lost');
    expect(await queue.beat('123:nobody', 'busy')).toBe('lost');
    expect(await queue.note('123:nobody', 'a', 'progress', '1')).toBe(false);
    await queue.leave('123:nobody');

    expect(await fleet().look()).toEqual(before);
  });
}

export function claimingCases(fleet: () => Fleet): void {
  it('claims for free slots only, those of this call included', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(tasks('a', 'b', 'c', 'd', 'e'));

    expect(await worker.claim(2)).toEqual(['a', 'b']);
    expect(await worker.claim(2)).toEqual([]);
    expect(await worker.claim(2, completed('a'))).toEqual(['c']);
    expect(await worker.claim(3, completed('b'), completed('c'))).toEqual(['d', 'e']);
  });

  it('neither claims nor is handed anything with no slots', async () => {
    const worker = await fleet().worker();
    await worker.claim(3);
    await worker.queue.add(tasks('a'));
    expect(await worker.handedIds()).toEqual(['a']);

    expect(await worker.claim(0, completed('a'))).toEqual([]);
    await worker.queue.add(tasks('b'));

    expect(await worker.handedIds()).toEqual(['a']);
    expect(await worker.claim(0)).toEqual([]);
    expect(await worker.claim(1)).toEqual(['b']);
  });

  it('hands nothing over before the first step', async () => {
    const worker = await fleet().worker();

    await worker.queue.add(tasks('a'));

    expect(await worker.handedIds()).toEqual([]);
    expect(await worker.queue.list('waiting', 0, -1)).toEqual(['a']);
  });

  it('hands an idle consumer a task as in its hand already, and no more than it has slots', async () => {
    const worker = await fleet().worker();
    expect(await worker.claim(2)).toEqual([]);

    await worker.queue.add(tasks('a'));
    await worker.queue.add(tasks('b', 'c'));

    expect(await worker.handedIds()).toEqual(['a', 'b']);
    expect(await worker.queue.list('active', 0, -1)).toEqual(['a', 'b']);
    expect(await worker.queue.list('waiting', 0, -1)).toEqual(['c']);
    expect(await worker.claim(2)).toEqual([]);
    expect(await worker.claim(2, completed('a'))).toEqual(['c']);
  });

  it('counts what was handed over and is not seen yet', async () => {
    const worker = await fleet().worker();
    await worker.claim(2);
    await worker.queue.add(tasks('a', 'b', 'c', 'd'));

    // The answer of a step sent before the pushes arrived.
    expect(await worker.claim(3)).toEqual(['c']);
    expect(await worker.handedIds()).toEqual(['a', 'b']);
  });

  it('spreads what is added over idle consumers', async () => {
    const [ann, bob] = [await fleet().worker(), await fleet().worker()];
    await ann.claim(5);
    await bob.claim(5);

    await ann.queue.add(tasks('a', 'b', 'c', 'd', 'e', 'f'));

    expect(await ann.handed()).toHaveLength(3);
    expect(await bob.handed()).toHaveLength(3);
  });

  it('prefers the consumer with the most free slots, one task after the other', async () => {
    const [ann, bob] = [await fleet().worker(), await fleet().worker()];
    await ann.claim(1);
    await bob.claim(3);

    for (const id of ['a', 'b', 'c', 'd', 'e']) await ann.queue.add(tasks(id));

    expect(await ann.handed()).toHaveLength(1);
    expect(await bob.handed()).toHaveLength(3);
    expect(await ann.queue.list('waiting', 0, -1)).toEqual(['e']);
  });

  it('leaves nothing waiting while another one is idle', async () => {
    const [ann, bob] = [await fleet().worker(), await fleet().worker()];
    await ann.claim(2);
    await ann.queue.add(tasks('a', 'b', 'c'));
    await bob.claim(1);
    await bob.step(1, completed('c'));

    await ann.step(1, retried('a'), retried('b'));

    const inHand = (await fleet().look()).places.active;
    expect([...inHand].sort()).toEqual(['a', 'b']);
    expect(await bob.handed()).toHaveLength(1);
  });

  it('does not hand over to an idle consumer whose lease is over', async () => {
    const [ann, bob] = [await fleet().worker(), await fleet().worker()];
    await ann.claim(5);
    await fleet().advance(50_000);
    await bob.claim(1);
    await fleet().advance(10_001);

    await bob.queue.add(tasks('a', 'b'));

    expect(await ann.handed()).toEqual([]);
    expect(await bob.handedIds()).toEqual(['a']);
    expect(await bob.queue.list('waiting', 0, -1)).toEqual(['b']);
  });

  it('claims in the order in which delayed tasks fell due, behind what waits', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([task('late', { inMs: 20 }), task('soon', { inMs: 10 }), task('now')]);
    await fleet().advance(30);

    expect(await worker.claim(5)).toEqual(['now', 'soon', 'late']);
  });

  it('takes very many due tasks in several calls, and says that it has to look again at once', async () => {
    const worker = await fleet().worker();
    const ids = numbered(501);
    await worker.queue.add(ids.map((id, at) => task(id, { inMs: 1 + at })));
    await fleet().advance(1_000);

    const first = await worker.step(1_000);
    expect(first.tasks.map(({ id }) => id)).toEqual(ids.slice(0, 500));
    expect(first.nextMs).toBe(0);
    const second = await worker.step(1_000);
    expect(second.tasks.map(({ id }) => id)).toEqual(ids.slice(500));
    expect(second.nextMs).toBeUndefined();
  });

  it('claims on when a record was deleted behind its back (A7)', async () => {
    const worker = await fleet().worker();
    const ids = numbered(30);
    await worker.queue.add(tasks(...ids, 'alive', 'kicking'));
    for (const id of ids) await fleet().dropRecord(id);

    expect([...(await worker.claim(1)), ...(await worker.handedIds())]).toEqual(['alive']);
    expect(await worker.claim(1, completed('alive'))).toEqual(['kicking']);
  });

  it('stays idle when only records that are gone are handed over', async () => {
    const [ann, bob] = [await fleet().workerWith(['a', 'b']), await fleet().worker()];
    await ann.queue.add(tasks('c'));
    await bob.claim(1, ...[]);
    await bob.claim(1, completed('c'));
    await fleet().dropRecord('a');
    await fleet().dropRecord('b');

    await ann.queue.leave(ann.consumer);
    await ann.queue.add(tasks('d'));

    expect(await bob.handedIds()).toEqual(['d']);
  });
}
