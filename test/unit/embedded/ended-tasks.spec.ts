import { describe, expect, it } from '@jest/globals';
import { appendToLog, replaceOutcome } from '../../../lib/engines/embedded/attempt-history.js';
import { EndedTasks } from '../../../lib/engines/embedded/ended-tasks.js';
import type { Retention } from '../../../lib/task/task.broker.js';
import type { EmbeddedTask } from '../../../lib/engines/embedded/embedded-task.js';
import { drained, ids, taskOf } from './embedded-tasks.js';

const HOUR = 3_600_000;
const retention = (completed: Partial<Retention>): ConstructorParameters<typeof EndedTasks>[0] => {
  const keep = { count: 10, ageMs: HOUR, bytes: undefined };
  return { completed: { ...keep, ...completed }, dead: keep, cancelled: keep, expired: keep };
};
/** Ends it, and returns what is not kept then. */
const end = (ended: EndedTasks, task: EmbeddedTask, at: number): string[] => {
  ended.end(task, 'completed', at);
  return drained(() => ended.shiftOver('completed'));
};
const keeping = (completed: Partial<Retention>): EndedTasks => new EndedTasks(retention(completed));

describe('ended tasks', () => {
  it('are kept by count, the oldest go first', () => {
    const ended = keeping({ count: 2 });

    const over = ['a', 'b', 'c'].map((id, at) => end(ended, taskOf(id), at));

    expect(over).toEqual([[], [], ['a']]);
    expect(ids(ended.in('completed'))).toEqual(['b', 'c']);
  });

  it('are kept by bytes, of everything that is kept of them', () => {
    const ended = keeping({ bytes: 1_000 });
    const big = taskOf('big', { envelope: 'ü'.repeat(100) });
    big.outcome = 'o'.repeat(100);
    appendToLog(big, 'l'.repeat(100));
    big.progress = 'p'.repeat(100);
    replaceOutcome(big, 'x'.repeat(100), 5);
    replaceOutcome(big, 'o'.repeat(100));
    expect(end(ended, big, 0)).toEqual([]);
    expect(big.bytes).toBe(200 + 200 + 100 + 100 + 100 + 100);

    const next = taskOf('next', { envelope: '' });
    expect(end(ended, next, 1)).toEqual([]);
    expect(end(ended, taskOf('over', { envelope: '1' }), 2)).toEqual(['big']);
    expect(end(ended, taskOf('huge', { envelope: 'x'.repeat(801) }), 3)).toEqual(['next', 'over', 'huge']);
    expect(end(ended, taskOf('again', { envelope: 'x'.repeat(800) }), 4)).toEqual([]);
  });

  it('count bytes anew when they begin to matter, and when they do so again', () => {
    const ended = keeping({});
    for (const id of ['a', 'b']) end(ended, taskOf(id, { envelope: '' }), 0);

    ended.configure(retention({ bytes: 600 }));
    expect(end(ended, taskOf('c', { envelope: '' }), 1)).toEqual([]);
    expect(end(ended, taskOf('d', { envelope: '' }), 1)).toEqual(['a']);
    ended.configure(retention({}));
    for (const id of ['e', 'f']) end(ended, taskOf(id, { envelope: '' }), 2);
    ended.configure(retention({ bytes: 400 }));

    expect(end(ended, taskOf('g', { envelope: '' }), 3)).toEqual(['b', 'c', 'd', 'e']);
  });

  it('count no bytes of what has left', () => {
    const ended = keeping({ bytes: 500 });
    const first = taskOf('first', { envelope: '' });
    end(ended, first, 0);

    ended.delete(first, 'completed');

    end(ended, taskOf('a', { envelope: '' }), 1);
    expect(end(ended, taskOf('b', { envelope: '' }), 2)).toEqual([]);
  });

  it('are dropped when they are too old, each state by its own age', () => {
    const ended = keeping({ ageMs: 1_000 });
    for (const id of ['a', 'b']) end(ended, taskOf(id), id === 'a' ? 0 : 1);
    ended.end(taskOf('dead'), 'dead', 0);

    expect(ids(ended.expire(999).tasks)).toEqual([]);
    expect(ids(ended.expire(1_000).tasks)).toEqual(['a']);
    expect(ids(ended.expire(HOUR).tasks)).toEqual(['b', 'dead']);
  });
});

describe('what is kept of attempts', () => {
  it('has the failed ones before the newest as history, and no others', () => {
    const task = taskOf('a');
    replaceOutcome(task, 'first error', 10);
    replaceOutcome(task, 'second error', 20);
    replaceOutcome(task, 'result');
    replaceOutcome(task, undefined);

    expect(task.outcome).toBeUndefined();
    expect(task.history).toEqual([
      { at: 10, outcome: 'first error' },
      { at: 20, outcome: 'second error' },
    ]);
  });

  it('is cut at 64 KiB, the newest stays whatever its size', () => {
    const task = taskOf('a');
    for (let at = 0; at < 80; at++) replaceOutcome(task, `${at}`.padEnd(1_000, 'ü'), at);
    const bytes = task.history.reduce((sum, { outcome }) => sum + Buffer.byteLength(outcome), 0);
    expect(bytes).toBeLessThanOrEqual(65_536);
    expect(bytes).toBeGreaterThan(65_536 - 2_000);
    expect(task.history.at(-1)?.at).toBe(78);

    replaceOutcome(task, 'x'.repeat(70_000), 80);
    replaceOutcome(task, 'short', 81);

    expect(task.history.map(({ at }) => at)).toEqual([80]);
  });
});
