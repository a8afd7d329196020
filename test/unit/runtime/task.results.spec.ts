import { describe, expect, it } from '@jest/globals';
import { EngineReplyError, EngineUnavailableError } from '../../../lib/common/errors.js';
import { TaskCodec } from '../../../lib/task/task.codec.js';
import { TaskResults } from '../../../lib/task/task.results.js';
import { ResultTimeoutError, TaskNotFoundError } from '../../../lib/task/task.errors.js';
import { TaskFailedError, writeFailure, writeOutcome } from '../../../lib/task/task.outcome.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { ScriptedBroker, turns } from './scripted-broker.js';

const gone = (): Promise<never> => Promise.reject(new EngineUnavailableError('gone'));
const completed = (body: string) => ({ state: 'completed', outcome: writeOutcome(0, body) }) as const;
const nothingToDo = async (): Promise<void> => undefined;

function waitingRoom(listen = nothingToDo) {
  const clock = new ManualClock();
  const broker = new ScriptedBroker();
  return { clock, broker, results: new TaskResults(broker, listen, clock, TaskCodec.plain) };
}

describe('the result of a task', () => {
  it('is known at once when the task has ended', async () => {
    const { broker, results, clock } = waitingRoom();
    broker.onAwait = async () => completed('7');
    expect(await results.of('a', 1_000)).toBe(7);
    expect(clock.pending).toBe(0);
  });

  it('is pushed to everybody who waits, after one question each', async () => {
    const { broker, results, clock } = waitingRoom();
    const both = Promise.all([results.of('a', 1_000), results.of('a', 1_000)]);
    await turns();
    broker.push({ kind: 'finished', id: 'b', ...completed('8') });
    broker.push({ kind: 'finished', id: 'a', ...completed('7') });
    broker.push({ kind: 'finished', id: 'a', ...completed('9') });
    expect(await both).toEqual([7, 7]);
    expect(broker.calls).toEqual(['await a', 'await a']);
    expect(clock.pending).toBe(0);
  });

  it('may be pushed before the question is answered', async () => {
    const { broker, results } = waitingRoom();
    broker.onAwait = async () => {
      broker.push({ kind: 'finished', id: 'a', ...completed('7') });
      await settled();
      return 'unknown';
    };
    expect(await results.of('a', 1_000)).toBe(7);
  });

  it('of a dead task is its error', async () => {
    const { broker, results } = waitingRoom();
    broker.onAwait = async () => ({
      state: 'dead',
      outcome: writeOutcome(0, writeFailure(new Error('x'), TaskCodec.plain)),
    });
    await expect(results.of('a', 1_000)).rejects.toThrow(TaskFailedError);
  });

  it('is unknown when there is no such task, or it was removed', async () => {
    const { broker, results } = waitingRoom();
    broker.onAwait = async () => 'unknown';
    await expect(results.of('a', 1_000)).rejects.toThrow(TaskNotFoundError);
    broker.onAwait = async () => ({ state: 'removed', outcome: '' });
    await expect(results.of('a', 1_000)).rejects.toThrow(TaskNotFoundError);
  });

  it('is asked for again after a gap', async () => {
    const { broker, results } = waitingRoom();
    const result = results.of('a', 1_000);
    await turns();
    broker.onAwait = async () => completed('7');
    broker.gap();
    expect(await result).toBe(7);
  });

  it('survives that the engine is away when it is asked for', async () => {
    const { broker, results } = waitingRoom();
    broker.onAwait = gone;
    const result = results.of('a', 1_000);
    await turns();
    broker.gap();
    await turns();
    broker.onAwait = async () => completed('7');
    broker.gap();
    expect(await result).toBe(7);
  });

  it('survives that listening fails first, and listens before it asks again', async () => {
    let works = false;
    const { broker, results } = waitingRoom(() => (works ? nothingToDo() : gone()));
    const result = results.of('a', 1_000);
    await turns();
    expect(broker.calls).toEqual([]);
    works = true;
    broker.onAwait = async () => completed('7');
    broker.gap();
    expect(await result).toBe(7);
  });

  it('comes too late after the time-out, also when listening hangs', async () => {
    for (const listen of [nothingToDo, () => new Promise<void>(() => undefined)]) {
      const { results, clock, broker } = waitingRoom(listen);
      const outcome = results.of('a', 1_000).catch((error: unknown) => error);
      await clock.advance(1_000);
      expect(await outcome).toBeInstanceOf(ResultTimeoutError);
      broker.gap();
      await turns();
      expect(broker.count('await')).toBeLessThanOrEqual(1);
    }
  });

  it('fails with the error of an engine that refuses to say', async () => {
    const { broker, results, clock } = waitingRoom();
    broker.onAwait = () => Promise.reject(new EngineReplyError('refused'));
    await expect(results.of('a', 1_000)).rejects.toThrow('refused');
    expect(clock.pending).toBe(0);
  });
});
