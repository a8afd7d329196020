import { describe, expect, it } from '@jest/globals';
import { EngineClosedError, EngineUnavailableError } from '../../../lib/common/errors.js';
import type { Added, NewTask, QueueBroker } from '../../../lib/task/task.broker.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ScriptedBroker } from '../runtime/scripted-broker.js';
import { clientOf } from './client-of.js';

/** A queue whose `add` fails as told, one error a call, and then finds `stored` there already. */
function start(failures: Error[], stored: (task: NewTask) => string | undefined) {
  const calls: (readonly NewTask[])[] = [];
  const clock = new ManualClock();
  const broker = {
    name: 'work',
    onPush: () => undefined,
    onGap: () => undefined,
    onRoom: () => undefined,
    add: async (tasks: readonly NewTask[]): Promise<readonly Added[]> => {
      calls.push(tasks);
      const failure = failures.shift();
      if (failure) throw failure;
      return tasks.map((task) =>
        stored(task) === undefined ? { to: 'added' } : { to: 'exists', id: task.id },
      );
    },
    read: async (ids: readonly string[]) =>
      ids.map((id) => {
        const task = calls.at(-1)?.find((one) => one.id === id);
        const envelope = task && stored(task);
        return envelope === undefined || envelope === GONE ? undefined : { envelope };
      }),
  } as unknown as QueueBroker;
  return { client: clientOf(broker, clock), calls, clock };
}

const GONE = 'gone';
const away = () => new EngineUnavailableError('away');

describe('an add of unknown outcome', () => {
  it.each([
    ['is still there', ({ envelope }: NewTask) => envelope],
    ['has ended and is not kept', () => GONE],
  ])('is repeated under the same ids, and counts as added when what it added %s', async (_, stored) => {
    const { client, calls, clock } = start([away(), away()], stored);
    const adding = client.add('echo', 1, { id: 'mine' });
    await clock.advance(500);
    expect(await adding).toMatchObject({ id: 'mine', created: true, replaced: undefined });
    expect(calls.map(([task]) => task?.id)).toEqual(['mine', 'mine', 'mine']);
  });

  it('does not take the task of somebody else for its own', async () => {
    const { client, clock } = start([away()], () => '1echo\n0\n\n"another"');
    const adding = client.add('echo', 1, { id: 'theirs' });
    await clock.advance(500);
    expect(await adding).toMatchObject({ id: 'theirs', created: false });
  });

  it('does not take the holder of its unique key for its own', async () => {
    const clock = new ManualClock();
    const broker = new ScriptedBroker();
    let call = 0;
    broker.onAdd = async () => {
      if (call++ === 0) throw away();
      return [
        { to: 'exists', id: 'holder' },
        { to: 'added', replaced: 'former' },
      ];
    };
    const adding = clientOf(broker, clock).addBulk([{ name: 'a' }, { name: 'b', options: { id: 'b' } }]);
    await clock.advance(500);
    expect(await adding).toMatchObject([
      { id: 'holder', created: false, replaced: undefined },
      { id: 'b', created: true, replaced: 'former' },
    ]);
  });

  it('fails when the engine is away for longer than offlineWait', async () => {
    const { client, calls, clock } = start(Array.from({ length: 99 }, away), () => undefined);
    const adding = expect(client.add('echo')).rejects.toThrow(EngineUnavailableError);
    await clock.advance(2_000);
    await adding;
    expect(calls.length).toBeGreaterThan(5);
    expect(calls.length).toBeLessThan(12);
  });

  it('fails at once when the engine is closed', async () => {
    const { client, calls } = start([new EngineClosedError('closed')], () => undefined);
    await expect(client.add('echo')).rejects.toThrow('closed');
    expect(calls).toHaveLength(1);
  });
});

describe('an add that was done at once', () => {
  it('says which task has the id or the key, and is not taken for a repeat', async () => {
    const { client, calls } = start([], ({ envelope }) => envelope);
    expect(await client.add('echo', 1, { id: 'mine' })).toMatchObject({ id: 'mine', created: false });
    expect(calls).toHaveLength(1);
  });
});
