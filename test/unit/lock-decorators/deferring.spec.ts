import { describe, expect, it } from '@jest/globals';
import { LockConflictError } from '../../../lib/lock/lock.errors.js';
import { Executor } from '../../../lib/task/runtime/executor.js';
import { RunningTask } from '../../../lib/task/runtime/running-task.js';
import type { TaskHandler } from '../../../lib/task/runtime/task.handler.js';
import { BatchResult } from '../../../lib/task/batch.result.js';
import type { Ack, ClaimedTask } from '../../../lib/task/task.broker.js';
import { TaskCodec } from '../../../lib/task/task.codec.js';
import { DEFAULT_POLICY, type TaskPolicy } from '../../../lib/task/task.policy.js';
import { readFailure, readOutcome } from '../../../lib/task/task.outcome.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { task } from '../runtime/bench.js';

const conflict = (deferMs?: number): LockConflictError => new LockConflictError('order:1', deferMs);

function executorOf(run: TaskHandler['run'], policy: Partial<TaskPolicy> = {}, batch?: TaskHandler['batch']) {
  const logger = new RecordingLogger();
  const clock = new ManualClock(0);
  const handler: TaskHandler = { name: 'run', policy: { ...DEFAULT_POLICY, ...policy }, run, batch };
  const around = { queue: 'work', clock, codec: TaskCodec.plain, maxPayloadBytes: 1_000 };
  const executor = new Executor([['run', handler]], logger, around);
  const prepare = (claimed: ClaimedTask): RunningTask => {
    const prepared = executor.prepare(claimed, async () => undefined);
    if (prepared instanceof RunningTask) return prepared;
    throw new Error('it can not be run');
  };
  return {
    logger,
    run: (claimed: ClaimedTask) =>
      new Promise<Ack>((end) => executor.run(prepare(claimed), clock.now(), end)),
    runAll: async (...claimed: ClaimedTask[]) => {
      const acks: Ack[] = [];
      await executor.runBatch(handler, claimed.map(prepare), (_, ack) => acks.push(ack));
      return acks;
    },
  };
}

describe('a task whose handler has a conflict that defers', () => {
  it('runs again then, and none of its attempts is used', async () => {
    const { run, logger } = executorOf(() => Promise.reject(conflict(1_234)));
    const ack = await run(task('a', 'run', {}, 7));

    expect(ack).toMatchObject({ to: 'retry', delayMs: 1_234, tries: 7 });
    expect(readFailure(readOutcome(ack.outcome).body, TaskCodec.plain)).toMatchObject({
      code: 'DEPOT_LOCK_CONFLICT',
      message: 'Lock "order:1" is taken by somebody else; the task is to run again in 1234 ms',
    });
    expect([...logger.warnings, ...logger.errors]).toEqual([]);
  });

  it('does so whether it rejects or throws', async () => {
    const { run } = executorOf(() => {
      throw conflict(10);
    });

    expect(await run(task('a'))).toMatchObject({ to: 'retry', delayMs: 10, tries: 0 });
  });

  it('is not deferred beyond its deadline', async () => {
    const { run } = executorOf(() => Promise.reject(conflict(10_000)), { deadlineMs: 5_000 });

    expect(await run(task('a', 'run', {}, 2))).toMatchObject({ to: 'dead', tries: 2 });
  });

  it('has failed when the conflict does not defer', async () => {
    const { run } = executorOf(() => Promise.reject(conflict()), { attempts: 2 });

    expect(await run(task('a'))).toMatchObject({ to: 'retry', tries: 1 });
    expect(await run(task('a', 'run', {}, 1))).toMatchObject({ to: 'dead', tries: 2 });
  });

  it('is one of a batch: all of it is deferred', async () => {
    const { runAll } = executorOf(() => Promise.reject(conflict(10)), {}, { size: 2, waitMs: 0 });

    expect(await runAll(task('a'), task('b', 'run', {}, 3))).toMatchObject([
      { id: 'a', to: 'retry', delayMs: 10, tries: 0 },
      { id: 'b', to: 'retry', delayMs: 10, tries: 3 },
    ]);
  });

  it('is one of a batch that tells them apart', async () => {
    const { runAll } = executorOf(
      () => new BatchResult().fail('b', conflict(10)),
      {},
      { size: 2, waitMs: 0 },
    );

    expect(await runAll(task('a'), task('b'))).toMatchObject([
      { id: 'a', to: 'completed' },
      { id: 'b', to: 'retry', delayMs: 10, tries: 0 },
    ]);
  });
});
