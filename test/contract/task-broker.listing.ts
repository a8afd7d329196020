import { expect, it } from '@jest/globals';
import type { TaskState } from '../../lib/task/task.state.js';
import { countsOf, dead, exists, one, tasks, type Fleet } from './task-broker.fleet.js';
import { grouped } from './task-broker.groups.js';
import { CLEANABLE, oneOfEach } from './task-broker.steering.js';

export function listingCases(fleet: () => Fleet): void {
  it('counts and lists every state', async () => {
    const worker = await oneOfEach(fleet());
    const states: readonly TaskState[] = [...CLEANABLE, 'active'];

    expect(await worker.queue.counts()).toEqual(
      countsOf(Object.fromEntries(states.map((state) => [state, 1]))),
    );
    for (const state of states) expect(await worker.list(state)).toEqual([state]);
    expect(await worker.states(...states)).toEqual(states);
  });

  it('lists ranges of what waits across all of its places, in the order of claims', async () => {
    const worker = await fleet().worker({ limits: { group: { concurrency: 1 } } });
    await worker.queue.pause('x');
    await worker.queue.add([one('aside', { name: 'x' }), ...grouped('g', 3)]);
    expect(await worker.claim(9)).toEqual(['g1']);
    await worker.step(0);
    await worker.queue.add([one('low', { priority: 1 }), ...tasks('a', 'b'), one('high', { priority: 8 })]);
    await worker.queue.add(grouped('h', 2, { priority: 8 }));
    const order = ['aside', 'high', 'h1', 'h2', 'a', 'b', 'low', 'g2', 'g3'];
    await worker.queue.remove(['b']);
    const left = order.filter((id) => id !== 'b');

    expect(await worker.list('waiting')).toEqual(left);
    for (const [start, stop] of [
      [0, 0],
      [1, 3],
      [-3, -1],
      [2, -2],
      [4, 99],
      [-99, 2],
      [3, 2],
      [9, 12],
    ] as const) {
      const from = start < 0 ? Math.max(0, left.length + start) : start;
      const to = stop < 0 ? left.length + stop : stop;
      expect([start, stop, await worker.queue.list('waiting', start, stop)]).toEqual([
        start,
        stop,
        left.slice(from, Math.max(0, to + 1)),
      ]);
    }
  });

  it('lists what ended in the order in which it ended, and blocked tasks', async () => {
    const worker = await fleet().workerWith(['c', 'a', 'b']);
    for (const id of ['b', 'c', 'a']) {
      await fleet().advance(1);
      await worker.step(0, dead(id));
    }

    expect(await worker.list('dead')).toEqual(['b', 'c', 'a']);
    expect(await worker.queue.list('dead', -2, -1)).toEqual(['c', 'a']);
  });

  it('tells the living consumers, their processes, what they have in hand and until when', async () => {
    const [ann, bob] = [await fleet().workerWith(['a', 'b']), await fleet().worker()];
    await bob.claim(1);
    const { consumers } = await fleet().look();

    const told = await ann.queue.consumers();

    expect([...told].sort((a, b) => b.active - a.active)).toEqual([
      { consumer: ann.consumer, process: ann.process.name, active: 2, until: consumers.get(ann.consumer) },
      { consumer: bob.consumer, process: bob.process.name, active: 0, until: consumers.get(bob.consumer) },
    ]);
    await bob.queue.leave(bob.consumer);
    expect(await ann.queue.consumers()).toHaveLength(1);
  });

  it('removes many in one call, each with its answer', async () => {
    const worker = await fleet().workerWith(['active']);
    const ids = Array.from({ length: 498 }, (_, at) => `t${at}`);
    await worker.queue.add(tasks(...ids));

    const answers = await worker.queue.remove(['missing', ...ids, 'active']);

    expect(answers).toEqual(['missing', ...ids.map(() => 'removed'), 'active']);
    expect(await worker.queue.counts()).toEqual(countsOf({ active: 1 }));
    expect(await worker.queue.add(tasks('active'))).toEqual([exists('active')]);
  });
}
