import { describe, expect, it } from '@jest/globals';
import type { QueueLimits } from '../../../lib/task/task.broker.js';
import { WaitingTasks } from '../../../lib/engines/embedded/waiting-tasks.js';
import { drained, ids, taskOf } from './embedded-tasks.js';

const NOW = Date.UTC(2030, 0, 1);

/** What waits, and the part of a claim that has to do with groups. */
class Claims {
  readonly waiting = new WaitingTasks();
  readonly groups = this.waiting.groups;
  now = NOW;

  constructor(limits: QueueLimits['group']) {
    this.groups.replace(limits, []);
  }

  add(group: string, ...names: readonly string[]): void {
    for (const id of names) this.waiting.push(taskOf(id, { group }));
  }

  /** Everything that may be claimed now. */
  claim(): string[] {
    this.waiting.releaseDue(this.now);
    return drained(() => {
      for (let task = this.waiting.levels.shift(); task; task = this.waiting.levels.shift()) {
        const { group = '' } = task;
        if (this.groups.admits(group, this.now)) {
          this.groups.took(group, this.now);
          task.heldRank = undefined;
          return task;
        }
        this.groups.push(task, group, this.now);
      }
      return undefined;
    });
  }

  leave(group: string): void {
    this.groups.left(group);
    this.waiting.passedBy(taskOf('left', { group }), this.now);
  }
}

describe('a limit of each group', () => {
  it('holds back what is too much of one, and lets the next go when one has left', () => {
    const claims = new Claims({ concurrency: 2 });
    claims.add('a', 'a1', 'a2', 'a3', 'a4');
    claims.add('b', 'b1');

    expect(claims.claim()).toEqual(['a1', 'b1', 'a2']);
    expect(ids(claims.groups)).toEqual(['a3', 'a4']);
    claims.add('a', 'a5');
    claims.leave('a');
    expect(claims.claim()).toEqual(['a3']);
    claims.leave('a');
    claims.leave('a');
    expect(claims.claim()).toEqual(['a4', 'a5']);
    expect(claims.waiting.size).toBe(0);
  });

  it('lets the next go when the one that was let go is taken out before anybody has claimed it', () => {
    const claims = new Claims({ concurrency: 1 });
    claims.add('a', 'a1', 'a2', 'a3');
    expect(claims.claim()).toEqual(['a1']);
    claims.leave('a');
    const [next] = claims.waiting.levels;

    expect(next?.id).toBe('a2');
    if (next) claims.waiting.delete(next, NOW);

    expect(claims.claim()).toEqual(['a3']);
  });

  it('keeps the order of those that were let go, and found that another one was before them', () => {
    const claims = new Claims({ concurrency: 2 });
    claims.add('a', 'a1', 'a2', 'a3', 'a4', 'a5');
    expect(claims.claim()).toEqual(['a1', 'a2']);
    claims.leave('a');
    claims.leave('a');
    claims.groups.took('a', NOW);

    expect(claims.claim()).toHaveLength(1);
    expect(ids(claims.groups)).toHaveLength(2);
    expect(ids(claims.groups)).toEqual([...ids(claims.groups)].sort());
  });

  it('holds by priority, then as they came', () => {
    const claims = new Claims({ concurrency: 1 });
    claims.add('a', 'a1');
    expect(claims.claim()).toEqual(['a1']);
    for (const [id, priority] of [
      ['low', 1],
      ['high', 8],
      ['low2', 1],
    ] as const) {
      claims.groups.push(taskOf(id, { group: 'a', priority }), 'a', NOW);
    }

    expect(ids(claims.groups)).toEqual(['high', 'low', 'low2']);
  });

  it('lets as many go as there are tokens, when they are there', () => {
    const claims = new Claims({ rate: { max: 2, perMs: 1_000 } });
    claims.add('a', 'a1', 'a2', 'a3', 'a4', 'a5');

    expect(claims.claim()).toEqual(['a1', 'a2']);
    expect(claims.groups.nextAt).toBe(NOW + 500);
    claims.now = NOW + 499;
    expect(claims.claim()).toEqual([]);
    claims.now = NOW + 500;
    expect(claims.claim()).toEqual(['a3']);
    expect(claims.groups.nextAt).toBe(NOW + 1_000);
    claims.now = NOW + 5_000;
    expect(claims.claim()).toEqual(['a4', 'a5']);
    expect(claims.groups.size).toBe(0);
    expect(claims.groups.nextAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('heeds tokens and concurrency together', () => {
    const claims = new Claims({ concurrency: 1, rate: { max: 2, perMs: 1_000 } });
    claims.add('a', 'a1', 'a2', 'a3');

    expect(claims.claim()).toEqual(['a1']);
    claims.leave('a');
    expect(claims.claim()).toEqual(['a2']);
    claims.leave('a');
    expect(claims.claim()).toEqual([]);
    claims.now = claims.groups.nextAt;
    expect(claims.now).toBe(NOW + 500);
    expect(claims.claim()).toEqual(['a3']);
  });

  it('is empty for no longer than it takes to fill, though the clock is set back', () => {
    const claims = new Claims({ rate: { max: 1, perMs: 1_000 } });
    claims.add('a', 'a1', 'a2', 'a3');
    claims.waiting.releaseDue(NOW);
    expect(claims.claim()).toEqual(['a1']);

    claims.now = NOW - 3_600_000;
    expect(claims.claim()).toEqual([]);
    expect(claims.groups.nextAt).toBe(claims.now + 1_000);
    claims.now += 1_000;
    expect(claims.claim()).toEqual(['a2']);
    claims.now += 1_000;
    expect(claims.claim()).toEqual(['a3']);
  });

  it('counts anew, and holds nothing, when others are set', () => {
    const claims = new Claims({ concurrency: 1 });
    claims.add('a', 'a1', 'a2', 'a3');
    expect(claims.claim()).toEqual(['a1']);

    expect(ids(claims.groups.replace({ concurrency: 3 }, [taskOf('a1', { group: 'a' })]))).toEqual([
      'a2',
      'a3',
    ]);

    expect(claims.groups.size).toBe(0);
    claims.groups.took('a', NOW);
    expect(claims.groups.admits('a', NOW)).toBe(true);
    claims.groups.took('a', NOW);
    expect(claims.groups.admits('a', NOW)).toBe(false);
  });
});
