import { expect, it } from '@jest/globals';
import type { Ack, Retention } from '../../lib/task/task.broker.js';
import { FINAL_STATES, type FinalState } from '../../lib/task/task.state.js';
import {
  cancelled,
  completed,
  countsOf,
  dead,
  KEEP_NOTHING,
  keeping,
  one,
  retried,
  tasks,
  type Fleet,
  type TestWorker,
} from './task-broker.fleet.js';

export function retentionCases(fleet: () => Fleet): void {
  const of = (state: FinalState, retention: Partial<Retention>) => ({
    name: `queue-${state}`,
    keep: keeping({ [state]: retention }),
  });

  const ENDS: Readonly<Record<FinalState, (worker: TestWorker, id: string) => Promise<unknown>>> = {
    completed: (worker, id) => worker.step(0, completed(id)),
    dead: (worker, id) => worker.step(0, dead(id)),
    cancelled: (worker, id) => worker.step(0, cancelled(id)),
    expired: async (worker) => worker.step(0),
  };

  /** Makes a task end in that state. */
  const end = async (worker: TestWorker, state: FinalState, id: string, envelope?: string): Promise<void> => {
    const expiry = state === 'expired' ? { expiresInMs: 1 } : {};
    await worker.queue.add([one(id, { ...expiry, ...(envelope !== undefined && { envelope }) })]);
    if (state !== 'expired') expect(await worker.claim(1)).toEqual([id]);
    // No two end at the same time.
    await fleet().advance(1);
    await ENDS[state](worker, id);
  };

  for (const state of FINAL_STATES) {
    it(`keeps so many ${state} tasks, the newest`, async () => {
      const worker = await fleet().worker(of(state, { count: 2 }));
      for (const id of ['a', 'b', 'c']) await end(worker, state, id);

      expect(await worker.list(state)).toEqual(['b', 'c']);
      expect(await worker.queue.read(['a'])).toEqual([undefined]);
      expect(await worker.queue.awaitOutcome('a')).toBe('unknown');
    });

    it(`keeps nothing of ${state} tasks when told so`, async () => {
      const worker = await fleet().worker(of(state, { count: 0 }));
      await end(worker, state, 'a');

      expect(await worker.queue.counts()).toEqual(countsOf({}));
      expect(await fleet().look(worker.queue.name)).toMatchObject({ records: [], sideRecords: [] });
    });

    it(`drops ${state} tasks that are older than their age`, async () => {
      const worker = await fleet().worker(of(state, { ageMs: 1_000 }));
      await end(worker, state, 'a');
      await fleet().advance(600);
      await end(worker, state, 'b');
      await fleet().advance(398);
      expect(await worker.tidy()).toEqual({ more: false });
      expect(await worker.list(state)).toEqual(['a', 'b']);
      await fleet().advance(1);

      await worker.tidy();

      expect(await worker.list(state)).toEqual(['b']);
    });

    it(`keeps ${state} tasks within so many bytes, the newest`, async () => {
      const worker = await fleet().worker(of(state, { bytes: 3_000 }));
      const envelope = `1send\n\n\n${'x'.repeat(700)}`;
      for (const id of ['a', 'b', 'c', 'd']) await end(worker, state, id, envelope);

      expect(await worker.list(state)).toEqual(['b', 'c', 'd']);
      await end(worker, state, 'big', `1send\n\n\n${'x'.repeat(2_000)}`);
      expect(await worker.list(state)).toEqual(['big']);
      await end(worker, state, 'huge', `1send\n\n\n${'x'.repeat(4_000)}`);
      expect(await worker.list(state)).toEqual([]);
      await end(worker, state, 'small');
      expect(await worker.list(state)).toEqual(['small']);
    });
  }

  it('counts outcome, progress, log and history as bytes, in UTF-8', async () => {
    const long = 'ü'.repeat(500);
    const additions: Readonly<Record<string, (worker: TestWorker) => Promise<unknown>>> = {
      outcome: async (worker) => worker.step(0, completed('a', long)),
      progress: async (worker) => {
        await worker.queue.note(worker.consumer, 'a', 'progress', long);
        return worker.step(0, completed('a'));
      },
      log: async (worker) => {
        await worker.queue.note(worker.consumer, 'a', 'log', long);
        return worker.step(0, completed('a'));
      },
      history: async (worker) => {
        await worker.step(1, { ...retried('a'), outcome: long });
        return worker.step(0, completed('a'));
      },
    };
    for (const [what, finish] of Object.entries(additions)) {
      for (const [bytes, kept] of [
        [1_100, []],
        [1_400, ['a']],
      ] as const) {
        const worker = await fleet().worker({
          name: `${what} ${bytes}`,
          keep: keeping({ completed: { bytes } }),
        });
        await worker.queue.add(tasks('a'));
        await worker.claim(1);

        await finish(worker);

        expect([what, bytes, await worker.list('completed')]).toEqual([what, bytes, kept]);
      }
    }
  });

  it('counts bytes of what is there, not of what has been', async () => {
    const worker = await fleet().worker({
      keep: keeping({ completed: { bytes: 900 }, dead: { bytes: 900 } }),
    });
    for (let turn = 0; turn < 5; turn++) {
      await end(worker, 'completed', `removed-${turn}`);
      await worker.queue.remove([`removed-${turn}`]);
      await end(worker, 'dead', `retried-${turn}`);
      await worker.queue.retry([`retried-${turn}`], 0);
      await worker.queue.remove([`retried-${turn}`]);
      await end(worker, 'completed', `cleaned-${turn}`);
      await worker.queue.clean('completed', 0);
    }

    for (const id of ['a', 'b', 'c']) {
      await end(worker, 'completed', id);
      await end(worker, 'dead', `${id}!`);
    }

    expect(await worker.list('completed')).toEqual(['a', 'b', 'c']);
    expect(await worker.list('dead')).toEqual(['a!', 'b!', 'c!']);
  });

  it('counts bytes anew when they begin to matter', async () => {
    const before = await fleet().worker();
    for (const id of ['a', 'b', 'c']) await end(before, 'completed', id);
    await before.queue.leave(before.consumer);

    const deployed = await fleet().worker({ keep: keeping({ completed: { bytes: 600 } }) });
    await end(deployed, 'completed', 'd');

    expect(await deployed.list('completed')).toEqual(['c', 'd']);
  });
}

export function keptResultCases(fleet: () => Fleet): void {
  const kept = (id: string, keepMs: number): Ack => ({ ...completed(id), to: 'completed', keepMs });

  it('keeps nothing of a completed task that says so, and tells who waits', async () => {
    const worker = await fleet().workerWith(['a', 'b']);
    await worker.queue.note(worker.consumer, 'a', 'progress', '1');
    await worker.queue.awaitOutcome('a');

    await worker.step(0, kept('a', 0), completed('b'));

    expect(await worker.told()).toEqual([{ id: 'a', state: 'completed', outcome: 'result of a' }]);
    expect(await fleet().places()).toEqual({ completed: ['b'] });
    expect(await worker.queue.awaitOutcome('a')).toBe('unknown');
    expect((await fleet().look()).sideRecords).not.toContain('a');
  });

  it('keeps the outcome for as long as it says, though nothing else is kept', async () => {
    const worker = await fleet().workerWith(['a'], { keep: KEEP_NOTHING });
    await worker.step(0, kept('a', 5_000));

    expect(await worker.queue.read(['a'])).toEqual([undefined]);
    await fleet().advance(4_000);
    expect(await worker.queue.awaitOutcome('a')).toEqual({ state: 'completed', outcome: 'result of a' });
    await fleet().advance(1_000);
    expect(await worker.queue.awaitOutcome('a')).toBe('unknown');
  });

  it('keeps a task whose outcome is kept as any other, too', async () => {
    const worker = await fleet().workerWith(['a'], { keep: keeping({ completed: { ageMs: 10_000 } }) });
    await worker.step(0, kept('a', 1_000));

    expect(await fleet().places()).toEqual({ completed: ['a'] });
    await fleet().advance(5_000);
    expect(await worker.queue.awaitOutcome('a')).toEqual({ state: 'completed', outcome: 'result of a' });
    await fleet().advance(5_000);
    await worker.tidy();
    expect(await worker.queue.awaitOutcome('a')).toBe('unknown');
  });

  it('forgets a kept outcome when the task is removed or begins anew', async () => {
    const worker = await fleet().workerWith(['a', 'b']);
    await worker.step(0, kept('a', 60_000), kept('b', 60_000));

    await worker.queue.remove(['a']);
    await worker.queue.retry(['b'], 0);

    expect(await worker.queue.awaitOutcome('a')).toBe('unknown');
    expect(await worker.queue.awaitOutcome('b')).toBe('pending');
  });

  it('does not take a kept outcome for that of a new task with its id', async () => {
    const worker = await fleet().workerWith(['a'], { keep: KEEP_NOTHING });
    await worker.step(0, kept('a', 60_000));

    await worker.queue.add(tasks('a'));

    expect(await worker.queue.awaitOutcome('a')).toBe('pending');
    await worker.step(1);
    await worker.step(0, completed('a'));
    expect(await worker.queue.awaitOutcome('a')).toBe('unknown');
  });
}
