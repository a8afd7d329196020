import { describe, expect, test } from '@jest/globals';
import { SortedSet } from '../../../lib/engines/embedded/sorted-set.js';
import { random } from '../../support/random.js';

describe('SortedSet', () => {
  test('gives members by score, equal scores in the order in which they were set', () => {
    const set = new SortedSet();
    for (const [member, score] of [
      ['c', 2],
      ['a', 1],
      ['d', 2],
      ['b', 1],
    ] as const)
      set.set(member, score);

    expect(set.first()).toMatchObject({ member: 'a', score: 1 });
    expect(set.range(0, -1)).toEqual(['a', 'b', 'c', 'd']);
    expect(set.popUpTo(2)).toEqual(['a', 'b', 'c', 'd']);
    expect(set.first()).toBeUndefined();
  });

  test('keeps the place of a member whose score is set to what it was', () => {
    const set = new SortedSet();
    set.set('a', 1);
    set.set('b', 1);
    set.set('a', 1);

    expect(set.range(0, -1)).toEqual(['a', 'b']);
  });

  test('pops at most the limit and nothing above the score', () => {
    const set = new SortedSet();
    for (let n = 0; n < 10; n++) set.set(`m${n}`, n);

    expect(set.popUpTo(5, 2)).toEqual(['m0', 'm1']);
    expect(set.popUpTo(3)).toEqual(['m2', 'm3']);
    expect(set.popUpTo(3)).toEqual([]);
    expect(set.size).toBe(6);
  });

  test('looks without removing', () => {
    const set = new SortedSet();
    for (let n = 0; n < 4; n++) set.set(`m${n}`, n);

    expect(set.upTo(2, 2)).toEqual(['m0', 'm1']);
    expect(set.upTo(9)).toEqual(['m0', 'm1', 'm2', 'm3']);
    expect(set.size).toBe(4);
  });

  test('takes ranks as Redis does, negative ones from the end', () => {
    const set = new SortedSet();
    for (let n = 0; n < 4; n++) set.set(`m${n}`, n);

    expect(set.range(1, 2)).toEqual(['m1', 'm2']);
    expect(set.range(-2, -1)).toEqual(['m2', 'm3']);
    expect(set.range(-9, 0)).toEqual(['m0']);
    expect(set.range(0, -9)).toEqual([]);
    expect(set.range(3, 1)).toEqual([]);
  });

  test('stays as small as its members however often scores change', () => {
    const set = new SortedSet();
    for (let n = 0; n < 100_000; n++) set.set('one', n);

    expect((set as unknown as { heap: unknown[] }).heap.length).toBeLessThan(64);
    expect(set.popUpTo(100_000)).toEqual(['one']);
  });

  test('agrees with a naive model over random operations', () => {
    const { below } = random(7);
    for (let round = 0; round < 12; round++) {
      const set = new SortedSet();
      let model: { member: string; score: number }[] = [];
      const upTo = (score: number, limit: number) =>
        model.filter((entry) => entry.score <= score).slice(0, limit);
      for (let step = 0; step < 400; step++) {
        const member = `m${below(40)}`;
        const score = below(20);
        const known = model.find((entry) => entry.member === member);
        switch (below(6)) {
          case 0:
            expect(set.delete(member)).toBe(known !== undefined);
            model = model.filter((entry) => entry !== known);
            break;
          case 1: {
            const gone = upTo(score, 3);
            expect(set.popUpTo(score, 3)).toEqual(gone.map((entry) => entry.member));
            model = model.filter((entry) => !gone.includes(entry));
            break;
          }
          case 2:
            expect(set.upTo(score, 5)).toEqual(upTo(score, 5).map((entry) => entry.member));
            break;
          default:
            set.set(member, score);
            if (known?.score === score) break;
            model = model.filter((entry) => entry !== known);
            model.push({ member, score });
            model.sort((a, b) => a.score - b.score);
        }
        expect(set.size).toBe(model.length);
        expect(set.first()?.member).toBe(model[0]?.member);
        expect(set.score(member)).toBe(model.find((entry) => entry.member === member)?.score);
      }
      expect(set.range(0, -1)).toEqual(model.map((entry) => entry.member));
    }
  });
});
