import { describe, expect, it } from '@jest/globals';
import type { Finished, TaskRecord } from '../../../lib/task/task.broker.js';
import { TaskCodec } from '../../../lib/task/task.codec.js';
import { TaskCancelledError, TaskExpiredError } from '../../../lib/task/task.errors.js';
import {
  crashOutcome,
  replacedOutcome,
  TaskFailedError,
  writeFailure,
  writeOutcome,
} from '../../../lib/task/task.outcome.js';
import { TaskResults } from '../../../lib/task/task.results.js';
import { snapshot } from '../../../lib/task/task.snapshot.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ScriptedBroker } from '../runtime/scripted-broker.js';

const failed = (message: string, code?: string): string =>
  writeOutcome(10, writeFailure(Object.assign(new Error(message), code && { code }), TaskCodec.plain));

function resultOf(finished: Finished): Promise<unknown> {
  const broker = new ScriptedBroker();
  broker.onAwait = async () => finished;
  return new TaskResults(broker, async () => undefined, new ManualClock(), TaskCodec.plain).of('a', 1_000);
}

describe('what waiting for a result ends with', () => {
  it.each<[Finished, object]>([
    [
      { state: 'dead', outcome: failed('broken') },
      { constructor: TaskFailedError, code: 'DEPOT_TASK_FAILED', failure: { message: 'broken' } },
    ],
    [
      { state: 'dead', outcome: failed('over', 'DEPOT_TASK_DEADLINE') },
      { constructor: TaskFailedError, failure: { code: 'DEPOT_TASK_DEADLINE' } },
    ],
    [
      { state: 'dead', outcome: crashOutcome(3) },
      { constructor: TaskFailedError, failure: { code: 'DEPOT_TASK_CRASHED' } },
    ],
    [
      { state: 'cancelled', outcome: '' },
      {
        constructor: TaskCancelledError,
        code: 'DEPOT_TASK_CANCELLED',
        replacedBy: undefined,
        message: "task a of queue 'work' was cancelled",
      },
    ],
    [
      { state: 'cancelled', outcome: failed('stopped') },
      { constructor: TaskCancelledError, replacedBy: undefined },
    ],
    [
      { state: 'cancelled', outcome: replacedOutcome('b') },
      {
        constructor: TaskCancelledError,
        replacedBy: 'b',
        message: "task a of queue 'work' was cancelled: task b with the same unique key took its place",
      },
    ],
    [
      { state: 'expired', outcome: '' },
      { constructor: TaskExpiredError, code: 'DEPOT_TASK_EXPIRED' },
    ],
    [{ state: 'removed', outcome: '' }, { code: 'DEPOT_TASK_NOT_FOUND' }],
  ])('%j tells why', async (finished, error) => {
    await expect(resultOf(finished)).rejects.toMatchObject(error);
  });
});

const RECORD: TaskRecord = {
  id: 'a',
  state: 'waiting',
  envelope: '2run\nm8x2k1f0\n{"tags":["x"]}\n{"to":1}',
  tries: 2,
  at: undefined,
  outcome: undefined,
  progress: undefined,
  log: [],
  history: [],
  priority: 7,
  group: 'acme',
  uniqueKey: 'k',
  expiresAt: 5_000,
};

const shown = (record: Partial<TaskRecord>) => snapshot('work', { ...RECORD, ...record }, TaskCodec.plain);

describe('a snapshot', () => {
  it('has where the task stands among others', () => {
    expect(shown({})).toMatchObject({
      priority: 7,
      group: 'acme',
      uniqueKey: 'k',
      tags: ['x'],
      expiresAt: new Date(5_000),
      finishedAt: undefined,
      runAt: undefined,
    });
    expect(shown({ expiresAt: undefined }).expiresAt).toBeUndefined();
  });

  it.each(['completed', 'dead', 'cancelled', 'expired', 'parked'] as const)(
    'of %s says since when',
    (state) => {
      expect(shown({ state, at: 7 })).toMatchObject({ finishedAt: new Date(7), runAt: undefined });
    },
  );

  it('of a delayed task says until when', () => {
    expect(shown({ state: 'delayed', at: 7 })).toMatchObject({ finishedAt: undefined, runAt: new Date(7) });
  });

  it.each([
    ['active', 3],
    ['completed', 3],
    ['delayed', 2],
    ['dead', 2],
    ['cancelled', 2],
  ] as const)('of %s counts the attempt', (state, attempt) => {
    expect(shown({ state }).attempt).toBe(attempt);
  });

  it('has the failures before the newest, oldest first, and what of them can be read', () => {
    const { failures, error } = shown({
      state: 'dead',
      outcome: failed('third'),
      history: [
        { at: 20, outcome: failed('first') },
        { at: 30, outcome: 'm8x2k1f0\n{broken' },
        { at: 40, outcome: '\n' },
      ],
    });
    expect(error).toMatchObject({ message: 'third' });
    expect(failures).toMatchObject([
      { startedAt: new Date(10), finishedAt: new Date(20), error: { message: 'first' } },
      { finishedAt: new Date(30), error: { name: 'PayloadError' } },
      { startedAt: undefined, finishedAt: new Date(40), error: undefined },
    ]);
  });

  it('says why a task was cancelled when that is known', () => {
    expect(shown({ state: 'cancelled', outcome: '' }).error).toBeUndefined();
    expect(shown({ state: 'cancelled', outcome: replacedOutcome('b') }).error).toMatchObject({
      code: 'DEPOT_TASK_CANCELLED',
    });
  });

  it('reads everything through the codec of its queue', () => {
    const codec = { decode: (text: string) => `<${text}>` };
    const record = { ...RECORD, state: 'completed', outcome: 'a\nr', progress: 'p', log: ['l'] } as const;
    expect(snapshot('work', record, codec)).toMatchObject({
      payload: '<{"to":1}>',
      result: '<r>',
      progress: '<p>',
    });
  });
});
