import { expect, it } from '@jest/globals';
import type { Ack } from '../../lib/task/task.broker.js';
import {
  cancelled,
  completed,
  dead,
  KEEP_NOTHING,
  LEASE,
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

export function cancellingCases(fleet: () => Fleet): void {
  it('ends a task at once that is in nobody’s hand, wherever it is', async () => {
    const worker = await fleet().worker({ limits: { group: { concurrency: 1 } } });
    const { queue } = worker;
    await queue.pause('x');
    await queue.add([
      one('aside', { name: 'x' }),
      keyed('first', 'keepLast'),
      ...grouped('g', 2),
      ...tasks('p'),
    ]);
    const holder = await fleet().worker();
    expect([...(await holder.claim(9))].sort()).toEqual(['first', 'g1', 'p']);
    await holder.step(0, parked('p'));
    await queue.add([keyed('blocked', 'keepLast'), task('later', { inMs: 50 }), ...tasks('waits')]);
    const ids = ['aside', 'g2', 'blocked', 'later', 'waits', 'p'];
    for (const id of ids) await queue.awaitOutcome(id);

    expect(await queue.cancel(ids)).toEqual(ids.map(() => 'cancelled'));

    expect(await worker.states(...ids)).toEqual(ids.map(() => 'cancelled'));
    expect(await worker.told()).toEqual(ids.map((id) => ({ id, state: 'cancelled', outcome: '' })));
    expect(await queue.counts()).toMatchObject({ waiting: 0, delayed: 0, blocked: 0, parked: 0 });
    await fleet().advance(60);
    expect(await worker.claim(9)).toEqual([]);
  });

  it('ends a suspect', async () => {
    const settings = { maxCrashes: 9 };
    const observer = await fleet().worker(settings);
    await observer.queue.add(tasks('a'));
    const doomed = await fleet().worker(settings);
    await doomed.claim(1);
    await fleet().kill(doomed);
    await fleet().outlive(observer, 0);
    expect(await fleet().places()).toEqual({ suspects: ['a'] });

    expect(await observer.queue.cancel(['a'])).toEqual(['cancelled']);

    expect(await observer.claim(1)).toEqual([]);
    expect(await fleet().places()).toEqual({ cancelled: ['a'] });
  });

  it('does not touch what has ended, and does not know what is not there', async () => {
    const worker = await fleet().workerWith(['a', 'b', 'c']);
    await worker.step(0, completed('a'), dead('b'), cancelled('c'));
    await worker.queue.add([one('d', { expiresInMs: 1 })]);
    await fleet().advance(1);
    await worker.step(0);
    const before = await worker.queue.read(['a', 'b', 'c', 'd']);

    expect(await worker.queue.cancel(['a', 'x', 'b', 'c', 'd'])).toEqual([
      'ended',
      'missing',
      'ended',
      'ended',
      'ended',
    ]);

    expect(await worker.queue.read(['a', 'b', 'c', 'd'])).toEqual(before);
  });

  it('tells the consumer that has it in hand at once, and nobody else', async () => {
    const [ann, bob] = [await fleet().workerWith(['a']), await fleet().workerWith(['b'])];

    expect(await bob.queue.cancel(['a'])).toEqual(['cancelling']);

    expect(await ann.cancels()).toEqual(['a']);
    expect(await bob.cancels()).toEqual([]);
    expect(await ann.states('a')).toEqual(['active']);
  });

  it('says it again with each beat until the task has left the hand (B8)', async () => {
    const worker = await fleet().workerWith(['a', 'b']);
    await worker.queue.cancel(['a']);

    await worker.queue.beat(worker.consumer, 'busy');
    await worker.queue.beat(worker.consumer, 'busy');
    expect(await worker.cancels()).toEqual(['a', 'a', 'a']);
    await worker.step(0, cancelled('a'));
    await worker.queue.beat(worker.consumer, 'busy');

    expect(await worker.cancels()).toEqual(['a', 'a', 'a']);
  });

  it('says it again as often as somebody cancels it', async () => {
    const worker = await fleet().workerWith(['a']);

    expect(await worker.queue.cancel(['a'])).toEqual(['cancelling']);
    expect(await worker.queue.cancel(['a', 'a'])).toEqual(['cancelling', 'cancelling']);

    expect((await worker.cancels()).length).toBeGreaterThanOrEqual(2);
    await worker.step(0, cancelled('a'));
    expect(await worker.states('a')).toEqual(['cancelled']);
  });

  it('ends it as its handler said, with outcome and attempts', async () => {
    const worker = await fleet().workerWith(['a']);
    await worker.queue.awaitOutcome('a');
    await worker.queue.cancel(['a']);

    await worker.step(1, cancelled('a', 2));

    const at = fleet().engine.now();
    expect(await worker.queue.read(['a'])).toMatchObject([
      { state: 'cancelled', outcome: 'stopped a', tries: 2, at },
    ]);
    expect(await worker.told()).toEqual([{ id: 'a', state: 'cancelled', outcome: 'stopped a' }]);
  });

  it('lets a completion win that comes first (B8)', async () => {
    const worker = await fleet().workerWith(['a']);
    await worker.queue.cancel(['a']);

    await worker.step(0, completed('a', 'done anyway'));

    expect(await worker.queue.read(['a'])).toMatchObject([{ state: 'completed', outcome: 'done anyway' }]);
    expect(await worker.queue.retry(['a'], 0)).toEqual([true]);
    expect(await worker.claim(1)).toEqual(['a']);
    expect(await worker.claim(1, retried('a'))).toEqual(['a']);
  });

  it('does not try it again, bury it or park it, whatever its handler said', async () => {
    const acks: readonly Ack[] = [retried('a', 0, 3), retried('a', 500, 3), dead('a', 3), parked('a', 3)];
    for (const [at, ack] of acks.entries()) {
      const worker = await fleet().worker({ name: `queue-${at}` });
      await worker.queue.add(tasks('a'));
      await worker.claim(1);
      await worker.queue.cancel(['a']);

      expect(await worker.claim(5, ack)).toEqual([]);

      expect(await worker.queue.read(['a'])).toMatchObject([
        { state: 'cancelled', outcome: ack.outcome, tries: 3 },
      ]);
    }
  });

  it('ends it when it is given back', async () => {
    const ways: Readonly<Record<string, (worker: TestWorker) => Promise<unknown>>> = {
      leave: (worker) => worker.queue.leave(worker.consumer),
      join: (worker) => worker.join({ consumer: worker.consumer, keep: ['b'] }),
    };
    for (const [name, giveBack] of Object.entries(ways)) {
      const worker = await fleet().workerWith(['a', 'b'], { name });
      await worker.queue.awaitOutcome('a');
      await worker.queue.cancel(['a']);

      await giveBack(worker);

      expect([name, await worker.told()]).toEqual([name, [{ id: 'a', state: 'cancelled', outcome: '' }]]);
      expect(await worker.list('waiting')).toEqual(name === 'leave' ? ['b'] : []);
    }
  });

  it('goes with the task to the new name of its consumer', async () => {
    const worker = await fleet().workerWith(['a']);
    await worker.queue.cancel(['a']);

    expect(await worker.join({ consumer: worker.consumer, keep: ['a'] })).toEqual(['a']);
    await worker.queue.beat(worker.consumer, 'busy');

    expect(await worker.cancels()).toEqual(['a']);
    expect(await worker.claim(1, retried('a'))).toEqual([]);
    expect(await worker.states('a')).toEqual(['cancelled']);
  });

  it('ends it when its consumer is dead, as one of many, alone, or as the last crash allowed', async () => {
    for (const [name, ids, maxCrashes] of [
      ['many', ['a', 'b', 'c'], 2],
      ['alone', ['a'], 2],
      ['buried', ['a'], 1],
    ] as const) {
      const settings = { name, maxCrashes };
      const doomed = await fleet().workerWith(ids, settings);
      const alive = await fleet().worker(settings);
      await alive.queue.cancel(['a']);
      await fleet().kill(doomed);

      const claimed = await fleet().outlive(alive, 5);

      expect([name, claimed]).toEqual([name, ids.slice(1)]);
      expect(await alive.queue.awaitOutcome('a')).toEqual({ state: 'cancelled', outcome: '' });
    }
  });

  it('reaches a task that was handed over and not seen yet', async () => {
    const worker = await fleet().worker();
    await worker.claim(1);
    await worker.queue.add(tasks('a'));

    expect(await worker.queue.cancel(['a'])).toEqual(['cancelling']);

    expect(await worker.cancels()).toEqual(['a']);
    await worker.join({ consumer: worker.consumer, keep: [] });
    expect(await worker.states('a')).toEqual(['cancelled']);
  });

  it('keeps the consumer’s other tasks and its slots as they are', async () => {
    const worker = await fleet().workerWith(['a', 'b']);
    await worker.queue.add(tasks('c'));
    await worker.queue.cancel(['a']);

    expect(await worker.claim(2, cancelled('a'))).toEqual(['c']);
    await fleet().advance(LEASE / 2);
    expect(await worker.queue.beat(worker.consumer, 'busy')).toBe('ok');
  });

  it('cancels many, and the same one twice, in one call', async () => {
    const worker = await fleet().worker({ keep: KEEP_NOTHING });
    const ids = Array.from({ length: 500 }, (_, at) => `t${at}`);
    await worker.queue.add(tasks(...ids));

    const twice = await worker.queue.cancel([...ids.slice(0, 499), 't0']);

    expect(twice.slice(0, 499)).toEqual(ids.slice(0, 499).map(() => 'cancelled'));
    expect(['ended', 'missing']).toContain(twice[499]);
    expect(await worker.claim(9)).toEqual(['t499']);
  });

  it('frees what the task took up: its slot in the group, its key, its room', async () => {
    const worker = await fleet().worker({ limits: { backlog: 2, group: { concurrency: 1 } } });
    await worker.queue.add([...grouped('g', 2)]);
    await worker.claim(5);
    await worker.queue.cancel(['g1']);
    expect(await worker.claim(5, cancelled('g1'))).toEqual(['g2']);
    await worker.queue.pause();
    await worker.queue.add([keyed('k1', 'reject'), ...tasks('x')]);
    expect((await worker.queue.add(tasks('y')))[0]?.to).toBe('full');

    await worker.queue.cancel(['k1']);

    expect((await worker.queue.add([keyed('k2', 'reject')]))[0]?.to).toBe('added');
  });
}
