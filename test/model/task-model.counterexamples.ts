import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EngineUnderTest } from '../contract/task-broker.engine.js';
import {
  ADDED,
  completed,
  dead,
  exists,
  Fleet,
  FULL,
  inPlaceOf,
  KEEP_NOTHING,
  LEASE,
  one,
  retried,
  task,
  tasks,
} from '../contract/task-broker.fleet.js';
import { TASK_EVENTS } from '../../lib/task/event.record.js';

/** Histories in which the model has found an engine wrong, as short as they came out; they stay right. */
export function describeCounterexamples(engine: string, open: () => Promise<EngineUnderTest>): void {
  describe(`found by the model on the ${engine} engine`, () => {
    let fleet: Fleet;
    beforeEach(async () => (fleet = new Fleet(await open())));
    afterEach(() => fleet.close());

    it('runs a task of a group whose id lies in a list that it was taken out of before', async () => {
      const worker = await fleet.producer();
      await worker.queue.add([...tasks('a', 'b'), one('c', { unique: { key: 'k', mode: 'reject' } })]);
      await worker.queue.add([one('d', { unique: { key: 'k', mode: 'replace' } })]);
      expect(await worker.queue.remove(['c'])).toEqual(['removed']);
      expect(await worker.queue.add([one('c', { group: 'g' }), one('e', { group: 'g' })])).toEqual([
        ADDED,
        ADDED,
      ]);

      const next = await fleet.worker();
      expect((await next.claim(10)).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    });

    it('runs a task in its turn that was removed and came back with another priority', async () => {
      const worker = await fleet.producer();
      await worker.queue.add(tasks('a', 'b', 'c'));
      await worker.queue.remove(['c']);
      await worker.queue.add([one('c', { priority: 9 })]);

      expect(await worker.list('waiting')).toEqual(['c', 'a', 'b']);
      const next = await fleet.worker();
      expect(await next.claim(10)).toEqual(['c', 'a', 'b']);
    });

    it('gives back a task to the head though it was removed from further behind before', async () => {
      const worker = await fleet.worker();
      await worker.queue.add(tasks('a', 'b', 'c', 'd'));
      await worker.queue.remove(['d']);
      await worker.queue.add([one('d', { priority: 9 })]);
      await worker.queue.cancel(['c']);
      expect(await worker.claim(1)).toEqual(['d']);
      await worker.queue.leave(worker.consumer);

      const next = await fleet.worker();
      expect(await next.list('waiting')).toEqual(['d', 'a', 'b']);
      expect(await next.claim(10)).toEqual(['d', 'a', 'b']);
    });

    it('takes no task for the holder of a throttled key that has got its id since', async () => {
      const { queue } = await fleet.producer({ keep: KEEP_NOTHING });
      await queue.add([one('a', { unique: { key: 'k', mode: 'throttle', ttlMs: 1_000 } })]);
      await queue.cancel(['a']);
      await queue.add(tasks('a'));

      expect(await queue.add([one('b', { unique: { key: 'k', mode: 'keepLast' } })])).toEqual([ADDED]);
      expect((await queue.read(['a']))[0]).toMatchObject({ state: 'waiting' });
    });

    it('gives a throttled task that begins anew its key, until it has ended', async () => {
      const worker = await fleet.worker();
      const unique = { key: 'k', mode: 'throttle', ttlMs: 1_000 } as const;
      await worker.queue.add([one('a', { unique })]);
      expect(await worker.claim(1)).toEqual(['a']);
      await worker.claim(1, dead('a'));
      await fleet.advance(1_000);

      expect(await worker.queue.retry(['a'], 0)).toEqual([true]);
      expect(await worker.queue.add([one('b', { unique })])).toEqual([exists('a')]);
      await worker.claim(1, completed('a'));
      expect(await worker.queue.add([one('c', { unique })])).toEqual([ADDED]);
    });

    it('does not look again and again for a suspect whose name has no room', async () => {
      const limits = { group: { rate: { max: 2, perMs: 1_000 } } };
      const settings = { limits, maxCrashes: 3 };
      const dead = await fleet.worker(settings);
      const alive = await fleet.worker(settings);
      await dead.queue.add([one('a', { group: 'g' })]);
      expect(await dead.claim(1)).toEqual(['a']);
      await fleet.kill(dead);
      await fleet.outlive(alive, 0);

      const rooms = { shared: 1, names: [{ name: 'send', free: 0, apart: true }] };
      await alive.stepFor(rooms);
      await fleet.advance(1_000);
      const { tasks: claimed, nextMs } = await alive.stepFor(rooms);
      expect({ claimed, isAtOnce: nextMs === 0 }).toEqual({ claimed: [], isAtOnce: false });
    });

    it('keeps the result of a task whose id was wanted again in vain', async () => {
      const worker = await fleet.worker({ keep: KEEP_NOTHING, limits: { backlog: 1 } });
      await worker.queue.add(tasks('a'));
      expect(await worker.claim(1)).toEqual(['a']);
      await worker.claim(0, { ...completed('a'), to: 'completed', keepMs: 60_000 });
      await worker.queue.add(tasks('b'));

      expect(await worker.queue.add(tasks('a'))).toEqual([FULL]);
      expect(await worker.queue.awaitOutcome('a')).toEqual({ state: 'completed', outcome: 'result of a' });
    });

    it('refuses a task that takes a place in a group that is full', async () => {
      const { queue } = await fleet.producer({ limits: { group: { backlog: 1 } } });
      const unique = { key: 'k', mode: 'replace' } as const;
      await queue.add([one('a', { unique }), one('b', { group: 'g' })]);

      expect(await queue.add([one('c', { unique, group: 'g' })])).toEqual([FULL]);
      expect(await queue.add([one('d', { unique })])).toEqual([inPlaceOf('a')]);
    });

    it('counts what waits of a group when a limit for it is new', async () => {
      const { queue } = await fleet.producer();
      await queue.add([one('a', { group: 'g' }), one('b', { group: 'g', due: { inMs: 1_000 } })]);

      const later = await fleet.producer({ limits: { group: { backlog: 3 } } });
      expect(await later.queue.add([one('c', { group: 'g' }), one('d', { group: 'g' })])).toEqual([
        ADDED,
        FULL,
      ]);
    });

    it('tells who was refused for a group when a new limit has room', async () => {
      const worker = await fleet.worker({ limits: { group: { backlog: 1 } } });
      await worker.queue.add([one('a', { group: 'g' }), one('b', { group: 'g' })]);
      expect(await worker.roomsTold()).toBe(0);

      const later = await fleet.producer({ limits: { concurrency: 5 } });
      await later.queue.counts();
      expect(await worker.roomsTold()).toBe(1);
    });

    it('blames no task for a worker that had a cancelled one in hand, too', async () => {
      const dead = await fleet.workerWith(['a', 'b'], { maxCrashes: 1 });
      const alive = await fleet.worker({ maxCrashes: 1 });
      await alive.queue.cancel(['a']);
      await fleet.kill(dead);

      await fleet.outlive(alive, 0);
      expect(await alive.states('a', 'b')).toEqual(['cancelled', 'waiting']);
    });

    it('says that a task waits before it says what became of it in the same call', async () => {
      const listener = await fleet.worker({ keep: KEEP_NOTHING });
      await listener.queue.subscribe(TASK_EVENTS, []);
      const unique = { key: 'k', mode: 'replace' } as const;
      await listener.queue.add([one('a', { unique }), one('b', { unique })]);

      const events = (await listener.events()).filter(({ id }) => id === 'a');
      expect(events.map(({ name }) => name)).toEqual(['waiting', 'cancelled']);
    });

    it('says that an attempt failed before it says that the next one began', async () => {
      const listener = await fleet.worker();
      await listener.queue.subscribe(['failed', 'retrying', 'active'], []);
      const other = await fleet.worker();
      await listener.queue.add([task('a')]);
      expect(await listener.claim(1)).toEqual(['a']);
      await other.claim(1);

      expect(await listener.claim(0, retried('a'))).toEqual([]);
      expect(await other.handedIds()).toEqual(['a']);
      expect((await listener.events()).map(({ name }) => name)).toEqual([
        'active',
        'failed',
        'retrying',
        'active',
      ]);
      await fleet.advance(LEASE / 4);
      await other.step(0, completed('a'));
    });
  });
}
