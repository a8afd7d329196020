import { beforeEach, describe, expect, it } from '@jest/globals';
import type { MemorySettings } from '../../../../lib/cache/cache.store.js';
import { EntryMemory } from '../../../../lib/cache/memory/entry.memory.js';
import { ManualClock } from '../../../support/manual-clock.js';

const NEVER = Number.POSITIVE_INFINITY;
const SETTINGS: MemorySettings = { maxEntries: 3, maxBytes: 1_000, policy: 'lru', ttlMs: NEVER };

let clock: ManualClock;
beforeEach(() => void (clock = new ManualClock()));

const opened = (over: Partial<MemorySettings> = {}): EntryMemory<string> =>
  new EntryMemory({ ...SETTINGS, ...over }, clock);
/** Keeps a value that is called as its key, for so long. */
const keep = (memory: EntryMemory<string>, key: string, forMs = NEVER, bytes = 10): boolean =>
  memory.set(key, key, bytes, clock.now() + forMs);
const sorted = (memory: EntryMemory<string>): string => memory.keys().sort().join('');

describe.each(['lru', 'ttl'] as const)('a memory of entries, %s', (policy) => {
  it('has what was set last, and nothing else', () => {
    const memory = opened({ policy });
    memory.set('a', 'one', 10, NEVER);
    memory.set('a', 'two', 20, NEVER);

    expect(memory.get('a')).toBe('two');
    expect(memory.peek('a')).toBe('two');
    expect(memory.get('b')).toBeUndefined();
    expect(memory.peek('b')).toBeUndefined();
    expect([memory.size, memory.bytes]).toEqual([1, 20]);
  });

  it('lets go what is deleted, and says whether it was there', () => {
    const memory = opened({ policy });
    keep(memory, 'a');
    keep(memory, 'b', 100);
    keep(memory, 'c', 200);

    expect([memory.delete('a'), memory.delete('a'), memory.delete('b')]).toEqual([true, false, true]);
    expect([sorted(memory), memory.bytes]).toEqual(['c', 10]);
    memory.clear();
    expect([sorted(memory), memory.size, memory.bytes]).toEqual(['', 0, 0]);
    expect(clock.pending).toBe(0);
    expect(keep(memory, 'a')).toBe(true);
    expect(memory.get('a')).toBe('a');
  });

  it('keeps no more than it may, in number', () => {
    const memory = opened({ policy });
    for (const key of 'abcdefgh') keep(memory, key);

    expect([sorted(memory), memory.size, memory.bytes]).toEqual(['fgh', 3, 30]);
  });

  it('keeps no more than it may, in bytes', () => {
    const memory = opened({ policy });
    keep(memory, 'a', NEVER, 500);
    keep(memory, 'b', NEVER, 500);
    expect(sorted(memory)).toBe('ab');
    keep(memory, 'c', NEVER, 1);

    expect([sorted(memory), memory.bytes]).toEqual(['bc', 501]);
    keep(memory, 'b', NEVER, 1_000);
    expect([sorted(memory), memory.bytes]).toEqual(['b', 1_000]);
  });

  it('does not keep what is too large, expired, or in place of anything', () => {
    const memory = opened({ policy });
    for (const key of 'abc') keep(memory, key);

    expect(keep(memory, 'a', NEVER, 1_001)).toBe(false);
    expect(keep(memory, 'b', 0)).toBe(false);
    expect(keep(memory, 'd', NEVER, 1_001)).toBe(false);

    expect([sorted(memory), memory.bytes]).toEqual(['c', 10]);
  });

  it('does not return what has expired', () => {
    const memory = opened({ policy });
    for (const key of 'abc') keep(memory, key, 100);
    clock.jump(99);
    expect(memory.get('a')).toBe('a');
    expect(memory.get('a', clock.now() + 1)).toBeUndefined();
    clock.jump(1);

    expect(memory.get('b')).toBeUndefined();
    expect(memory.peek('c')).toBeUndefined();
    expect(memory.delete('c')).toBe(false);
    expect([memory.size, memory.bytes, memory.keys()]).toEqual([0, 0, []]);
  });

  it('goes by the expiry that was set last', () => {
    const memory = opened({ policy });
    keep(memory, 'a', 100);
    keep(memory, 'a');
    keep(memory, 'b');
    keep(memory, 'b', 100);
    keep(memory, 'c', 100);
    keep(memory, 'c', 200);
    clock.jump(100);

    expect(sorted(memory)).toBe('ac');
    clock.jump(100);
    expect(sorted(memory)).toBe('a');
  });

  it('keeps nothing for longer than it may', () => {
    const memory = opened({ policy, ttlMs: 50 });
    keep(memory, 'a');
    keep(memory, 'b', 20);
    clock.jump(20);
    expect(sorted(memory)).toBe('a');
    clock.jump(30);
    expect(sorted(memory)).toBe('');
  });

  it('lets expired ones go by itself, with one timer', async () => {
    const memory = opened({ policy, maxEntries: 100 });
    for (let at = 0; at < 50; at++) keep(memory, `k${at}`, 100 + at);
    expect(clock.pending).toBe(1);

    await clock.advance(100);
    expect(clock.fired).toBe(1);
    await clock.advance(1_049);

    expect([clock.fired, clock.pending, held(memory)]).toEqual([2, 0, 0]);
  });

  it('is not woken more than once a second, whatever comes and goes', async () => {
    const memory = opened({ policy, maxEntries: 10_000 });
    for (let at = 0; at < 5_000; at++) {
      keep(memory, `k${at}`, 50);
      await (at % 100 === 0 ? clock.advance(1) : clock.jump(1));
    }
    await clock.advance(5_000);

    expect(clock.fired).toBeLessThanOrEqual(8);
    expect([clock.pending, held(memory)]).toEqual([0, 0]);
  });

  it('lets a great many go by and by, so that nobody waits for it', async () => {
    const memory = opened({ policy, maxEntries: 100_000, maxBytes: 10_000_000 });
    for (let at = 0; at < 25_000; at++) keep(memory, `k${at}`, 100);
    await clock.advance(100);

    expect([clock.fired, clock.pending, held(memory)]).toEqual([3, 0, 0]);
  });

  it('replaces its timer when something is to expire earlier', async () => {
    const memory = opened({ policy });
    keep(memory, 'a', 10_000);
    keep(memory, 'b', 100);
    expect(clock.pending).toBe(1);
    await clock.advance(100);

    expect([clock.fired, held(memory)]).toEqual([1, 1]);
  });

  it('is as it should be when more may be kept than is made room for at once', () => {
    const memory = opened({ policy, maxEntries: 70_000, maxBytes: 10_000_000 });
    for (let at = 0; at < 70_010; at++) keep(memory, `k${at}`);

    expect(memory.size).toBe(70_000);
    expect(memory.peek('k9')).toBeUndefined();
    expect(memory.peek('k10')).toBe('k10');
  });
});

describe('a memory of entries, the one not used for longest goes', () => {
  it('counts reading as use, and looking not', () => {
    const memory = opened();
    for (const key of 'abc') keep(memory, key);
    memory.get('a');
    memory.peek('b');
    keep(memory, 'd');
    expect(sorted(memory)).toBe('acd');

    keep(memory, 'a');
    keep(memory, 'e');
    expect(sorted(memory)).toBe('ade');
  });

  it('does not look at when they expire', () => {
    const memory = opened();
    keep(memory, 'a');
    keep(memory, 'b', 10);
    keep(memory, 'c', 5);
    keep(memory, 'd');

    expect(sorted(memory)).toBe('bcd');
  });
});

describe('a memory of entries, the one that expires first goes', () => {
  it('lets those that never expire go last, the oldest first', () => {
    const memory = opened({ policy: 'ttl' });
    keep(memory, 'a');
    keep(memory, 'b', 200);
    keep(memory, 'c', 100);
    keep(memory, 'd', 300);
    expect(sorted(memory)).toBe('abd');
    keep(memory, 'e');
    keep(memory, 'f');
    expect(sorted(memory)).toBe('aef');
    keep(memory, 'a');
    keep(memory, 'g');
    expect(sorted(memory)).toBe('afg');
  });

  it('does not look at who is read', () => {
    const memory = opened({ policy: 'ttl' });
    for (const [at, key] of ['a', 'b', 'c'].entries()) keep(memory, key, 100 + at);
    memory.get('a');
    keep(memory, 'd', 100);

    expect(sorted(memory)).toBe('bcd');
  });

  it('keeps the newest, even if it expires first', () => {
    const memory = opened({ policy: 'ttl' });
    for (const key of 'abc') keep(memory, key, 100);
    keep(memory, 'd', 10);

    expect(sorted(memory)).toBe('bcd');
  });
});

/** How many are in memory, whether they have expired or not. */
function held(memory: EntryMemory<string>): number {
  const { slots } = memory as unknown as { slots: { size: number } };
  return slots.size;
}
