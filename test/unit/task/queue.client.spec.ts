import { describe, expect, it } from '@jest/globals';
import { EngineClosedError, EngineUnavailableError } from '../../../lib/common/errors.js';
import { QueueClient } from '../../../lib/task/queue.client.js';
import type { NewTask, QueueBroker } from '../../../lib/task/task.broker.js';
import { ManualClock } from '../../support/manual-clock.js';

/** A queue whose `add` fails as told, one error a call, and then finds `stored` there already. */
function clientOf(failures: Error[], stored: (task: NewTask) => string | undefined) {
  const calls: (readonly NewTask[])[] = [];
  const clock = new ManualClock();
  const broker = {
    name: 'work',
    onPush: () => undefined,
    onGap: () => undefined,
    add: async (tasks: readonly NewTask[]) => {
      calls.push(tasks);
      const failure = failures.shift();
      if (failure) throw failure;
      return tasks.map((task) => stored(task) === undefined);
    },
    read: async (ids: readonly string[]) =>
      ids.map((id) => {
        const task = calls.at(-1)?.find((one) => one.id === id);
        const envelope = task && stored(task);
        return envelope === undefined ? undefined : { envelope };
      }),
  } as unknown as QueueBroker;
  const settings = { maxPayloadBytes: 1_000, resultTimeoutMs: 1_000, offlineWaitMs: 1_000 };
  return { client: new QueueClient(broker, async () => undefined, clock, settings), calls, clock };
}

const away = () => new EngineUnavailableError('away');

describe('an add of unknown outcome', () => {
  it('is repeated under the same ids, and counts as added when it was', async () => {
    const { client, calls, clock } = clientOf([away(), away()], ({ envelope }) => envelope);
    const adding = client.add('echo', 1, { id: 'mine' });
    await clock.advance(500);
    expect(await adding).toMatchObject({ id: 'mine', created: true });
    expect(calls.map(([task]) => task?.id)).toEqual(['mine', 'mine', 'mine']);
  });

  it('does not take the task of somebody else for its own', async () => {
    const { client, clock } = clientOf([away()], () => '1echo\n0\n\n"another"');
    const adding = client.add('echo', 1, { id: 'theirs' });
    await clock.advance(500);
    expect(await adding).toMatchObject({ id: 'theirs', created: false });
  });

  it('fails when the engine is away for longer than offlineWait', async () => {
    const { client, calls, clock } = clientOf(Array.from({ length: 99 }, away), () => undefined);
    const adding = expect(client.add('echo')).rejects.toThrow(EngineUnavailableError);
    await clock.advance(2_000);
    await adding;
    expect(calls.length).toBeGreaterThan(5);
    expect(calls.length).toBeLessThan(12);
  });

  it('fails at once when the engine is closed', async () => {
    const { client, calls } = clientOf([new EngineClosedError('closed')], () => undefined);
    await expect(client.add('echo')).rejects.toThrow('closed');
    expect(calls).toHaveLength(1);
  });
});
