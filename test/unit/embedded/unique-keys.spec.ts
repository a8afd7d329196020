import { describe, expect, it } from '@jest/globals';
import type { EmbeddedTask } from '../../../lib/engines/embedded/embedded-task.js';
import { UniqueKeys } from '../../../lib/engines/embedded/unique-keys.js';
import type { Unique } from '../../../lib/task/task.broker.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ids, taskOf } from './embedded-tasks.js';

/** Keys, and tasks that have one, as a queue would keep them. */
class Holders {
  readonly clock = new ManualClock();
  readonly tasks = new Map<string, EmbeddedTask>();
  readonly keys = new UniqueKeys(this.clock, (id) => this.tasks.get(id));

  /** A task that has the key and is in that place. */
  holder(id: string, place: EmbeddedTask['place'], unique: Partial<Unique> = {}): EmbeddedTask {
    const task = taskOf(id, { unique: { key: 'k', mode: 'reject', ...unique } });
    task.place = place;
    this.tasks.set(id, task);
    this.keys.give(task);
    return task;
  }

  /** What becomes of another one, in short. */
  claim(mode: Unique['mode'], more: Partial<Unique> = {}): string {
    const now = this.clock.now();
    const claim = this.keys.claim({ key: 'k', mode, ...more }, now + 5);
    if (claim.taken !== undefined) return `taken by ${claim.taken}`;
    const { replaces, behind, dueAt } = claim;
    const parts = [`in ${dueAt - now}`];
    if (replaces.length > 0) parts.push(`in place of ${ids(replaces).join(' and ')}`);
    if (behind) parts.push(`behind ${behind.id}`);
    return parts.join(', ');
  }
}

describe('a unique key', () => {
  it.each([
    ['reject', 'list', 'taken by a'],
    ['reject', 'active', 'taken by a'],
    ['throttle', 'delayed', 'taken by a'],
    ['replace', 'delayed', 'in 5, in place of a'],
    ['replace', 'parked', 'in 5, in place of a'],
    ['replace', 'active', 'taken by a'],
    ['debounce', 'list', 'in 100, in place of a'],
    ['debounce', 'active', 'in 100'],
    ['keepLast', 'turns', 'in 5, in place of a'],
    ['keepLast', 'active', 'in 5, behind a'],
  ] as const)('that is held: %s, when the holder is %s, means: %s', (mode, place, result) => {
    const holders = new Holders();
    holders.holder('a', place);

    expect(holders.claim(mode, { ttlMs: 100 })).toBe(result);
  });

  it('that nobody has is for whoever asks', () => {
    const holders = new Holders();

    expect(holders.claim('reject')).toBe('in 5');
    expect(holders.claim('debounce', { ttlMs: 100 })).toBe('in 100');
    expect(holders.claim('debounce', { ttlMs: 100, maxWaitMs: 40 })).toBe('in 40');
  });

  it('is free after its time, though its holder has not ended', () => {
    const holders = new Holders();
    holders.holder('a', 'active', { ttlMs: 1_000 });

    holders.clock.jump(999);
    expect(holders.claim('reject')).toBe('taken by a');
    holders.clock.jump(1);
    expect(holders.claim('reject')).toBe('in 5');
  });

  it('is free when its holder has ended; a throttled one only when its time is over', () => {
    const holders = new Holders();
    const rejecting = holders.holder('a', 'completed');
    holders.keys.release(rejecting);
    expect(holders.claim('reject')).toBe('in 5');

    const throttling = holders.holder('b', 'completed', { mode: 'throttle', ttlMs: 1_000 });
    holders.keys.release(throttling);
    expect(holders.claim('throttle', { ttlMs: 1_000 })).toBe('taken by b');
    holders.tasks.delete('b');
    expect(holders.claim('throttle', { ttlMs: 1_000 })).toBe('taken by b');
    holders.clock.jump(1_000);
    expect(holders.claim('throttle', { ttlMs: 1_000 })).toBe('in 5');
  });

  it('is not freed by one that had it before', () => {
    const holders = new Holders();
    const before = holders.holder('a', 'active');
    holders.holder('b', 'delayed');

    holders.keys.release(before);

    expect(holders.claim('reject')).toBe('taken by b');
  });

  it('debounces no longer than allowed, counted from the first', () => {
    const holders = new Holders();
    const first = holders.holder('a', 'delayed', { mode: 'debounce', ttlMs: 100, maxWaitMs: 250 });
    holders.clock.jump(90);
    const claim = holders.keys.claim({ key: 'k', mode: 'debounce', ttlMs: 100, maxWaitMs: 250 }, 0);
    expect(claim).toMatchObject({ replaces: [first], since: holders.clock.now() - 90 });
    const second = holders.holder('b', 'delayed', { mode: 'debounce' });
    holders.keys.give(second, holders.clock.now() - 90);
    holders.clock.jump(90);

    expect(holders.claim('debounce', { ttlMs: 100, maxWaitMs: 250 })).toBe('in 70, in place of b');
  });

  it('goes to the one that was blocked when its holder ends, and to it alone', () => {
    const holders = new Holders();
    const holder = holders.holder('a', 'active');
    const last = taskOf('last', { unique: { key: 'k', mode: 'keepLast' } });
    holders.tasks.set('last', last);
    holders.keys.block(last, holder, 77);

    expect(holders.claim('keepLast')).toBe('in 5, in place of last, behind a');
    expect(holders.claim('debounce', { ttlMs: 9 })).toBe('in 9, in place of last');
    expect(holders.keys.release(holder)).toBe(last);
    expect(holders.keys.unblock(last)).toBe(77);
    expect(holders.claim('reject')).toBe('taken by last');
    expect(holders.keys.blocked.size).toBe(0);
  });

  it('replaces the holder together with the one that was blocked behind it', () => {
    const holders = new Holders();
    const holder = holders.holder('a', 'delayed');
    holders.keys.block(taskOf('last', { unique: { key: 'k', mode: 'keepLast' } }), holder, 0);

    expect(holders.claim('keepLast')).toBe('in 5, in place of last and a');
  });

  it('leaves who was blocked without a key when another one has it meanwhile', () => {
    const holders = new Holders();
    const holder = holders.holder('a', 'active', { ttlMs: 10 });
    const last = taskOf('last', { unique: { key: 'k', mode: 'keepLast' } });
    holders.keys.block(last, holder, 0);
    holders.clock.jump(10);
    holders.holder('b', 'list');

    expect(holders.keys.release(holder)).toBe(last);
    expect(holders.claim('reject')).toBe('taken by b');
  });

  it('is taken again by one that begins anew, unless another one has it', () => {
    const holders = new Holders();
    const [a, b] = [holders.holder('a', 'dead'), holders.holder('b', 'list')];

    expect(holders.keys.retake(a)).toBe(false);
    holders.keys.release(b);
    expect(holders.keys.retake(a)).toBe(true);
    expect(holders.keys.retake(a)).toBe(true);
    expect(holders.claim('reject')).toBe('taken by a');
    expect(holders.keys.retake(taskOf('without'))).toBe(true);
  });

  it('leaves no timer behind', () => {
    const holders = new Holders();
    holders.holder('a', 'list', { ttlMs: 1_000 });
    expect(holders.clock.pending).toBe(1);

    holders.keys.clear();

    expect(holders.clock.pending).toBe(0);
  });
});
