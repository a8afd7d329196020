import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hashOf, type KeyHash } from '../../lib/cache/filter/filter.hash.js';
import { filterShape } from '../../lib/cache/filter/filter.shape.js';
import type { FilterBits, FilterBuild, FilterStore } from '../../lib/cache/filter/filter.store.js';
import { random } from '../support/random.js';

export interface FilterBench {
  readonly store: FilterStore;
  /** The same filters, seen by another process if the engine has several. */
  readonly other: FilterStore;
  /** What is stored is lost. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

const SHAPE = filterShape({ capacity: 1_000, errorRate: 1e-6 }, 'filter');
const LARGER = filterShape({ capacity: 5_000, errorRate: 1e-6 }, 'filter');
const PATH = ['cache', 'users'];

const hashes = (...keys: string[]): KeyHash[] => keys.map(hashOf);
const numbered = (from: number, count: number): KeyHash[] =>
  Array.from({ length: count }, (_, n) => hashOf(`key-${from + n}`));

/** Every rule of the contract is one case; it holds on every engine. */
export function describeFilterStore(name: string, open: () => Promise<FilterBench>): void {
  describe(`filter store, ${name}`, () => {
    let bench: FilterBench;
    let bits: FilterBits;
    let other: FilterBits;

    beforeEach(async () => {
      bench = await open();
      bits = bench.store.open(PATH, SHAPE);
      other = bench.other.open(PATH, SHAPE);
    });

    afterEach(() => bench.close());

    const begin = async (filter = bits): Promise<FilterBuild> => {
      const build = await filter.build();
      if (!build) throw new Error('somebody else is building');
      return build;
    };

    const built = async (filter: FilterBits, ...keys: string[]): Promise<void> => {
      const build = await begin(filter);
      expect(await build.add(hashes(...keys))).toBe(true);
      expect(await build.complete()).toBe(true);
    };

    const known = async (filter: FilterBits, ...keys: string[]): Promise<readonly boolean[]> =>
      filter.contains(hashes(...keys));

    test('says of every key that it may be there, until it was built', async () => {
      expect(await known(bits, 'ann', 'bob')).toEqual([true, true]);

      await bits.add(hashes('ann'));
      expect(await known(bits, 'ann', 'bob')).toEqual([true, true]);
      expect(await bits.look()).toEqual({ ready: false, building: false, set: 0 });
    });

    test('knows what it was built of, in every process', async () => {
      await built(bits, 'ann', 'bob');

      expect(await known(bits, 'ann', 'eve', 'bob', 'dan')).toEqual([true, false, true, false]);
      expect(await known(other, 'ann', 'eve', 'bob', 'dan')).toEqual([true, false, true, false]);
      expect(await bits.contains([])).toEqual([]);
    });

    test('may be built of nothing', async () => {
      await built(bits);

      expect(await known(other, 'ann')).toEqual([false]);
      expect(await other.look()).toEqual({ ready: true, building: false, set: 0 });
    });

    test('knows at once what is added, in every process', async () => {
      await built(bits, 'ann');
      await other.add(hashes('bob', 'eve'));
      await other.add([]);

      expect(await known(bits, 'ann', 'bob', 'eve', 'dan')).toEqual([true, true, true, false]);
    });

    test('shows nothing of what is being built before that is complete', async () => {
      await built(bits, 'ann');
      const build = await begin();
      await build.add(hashes('bob'));

      expect(await known(other, 'ann', 'bob')).toEqual([true, false]);
      expect(await other.look()).toMatchObject({ ready: true, building: true });

      await build.complete();
      expect(await known(other, 'ann', 'bob')).toEqual([false, true]);
      expect(await other.look()).toMatchObject({ ready: true, building: false });
    });

    test('answers nothing while it is built for the first time', async () => {
      const build = await begin();
      await build.add(hashes('ann'));

      expect(await known(bits, 'ann', 'bob')).toEqual([true, true]);
      expect(await bits.look()).toEqual({ ready: false, building: true, set: 0 });
    });

    test('adds to the old one and to the one that is being built', async () => {
      await built(bits, 'ann');
      const build = await begin();
      await other.add(hashes('bob'));
      expect(await known(bits, 'bob')).toEqual([true]);

      await build.complete();
      expect(await known(bits, 'ann', 'bob')).toEqual([false, true]);
    });

    test('adds to the one that is built for the first time', async () => {
      const build = await begin();
      await other.add(hashes('bob'));
      await build.complete();

      expect(await known(bits, 'ann', 'bob')).toEqual([false, true]);
    });

    test('is built by one at a time', async () => {
      const build = await begin();
      expect(await other.build()).toBeUndefined();
      expect(await bits.build()).toBeUndefined();

      await build.complete();
      const next = await begin(other);
      expect(await bits.build()).toBeUndefined();

      await next.abandon();
      await built(bits, 'ann');
    });

    test('stays as it was when a build is abandoned', async () => {
      await built(bits, 'ann');
      const build = await begin();
      await build.add(hashes('bob'));
      await build.abandon();

      expect(await known(bits, 'ann', 'bob')).toEqual([true, false]);
      expect(await build.add(hashes('bob'))).toBe(false);
      expect(await build.complete()).toBe(false);
      await build.abandon();
      expect(await bits.look()).toMatchObject({ ready: true, building: false });
    });

    test('an abandoned build ends no other', async () => {
      const first = await begin();
      await first.abandon();
      const second = await begin(other);
      await first.abandon();

      expect(await first.add(hashes('bob'))).toBe(false);
      expect(await first.complete()).toBe(false);
      expect(await second.add(hashes('ann'))).toBe(true);
      expect(await second.complete()).toBe(true);
      await second.abandon();
      expect(await known(bits, 'ann', 'bob')).toEqual([true, false]);
    });

    test('says of every key that it may be there once it is lost, and takes no half of it back', async () => {
      await built(bits, 'ann');
      const build = await begin();
      await build.add(hashes('bob'));
      await bench.forget();
      await bits.add(hashes('eve'));

      expect(await known(bits, 'ann', 'dan')).toEqual([true, true]);
      expect(await bits.look()).toEqual({ ready: false, building: false, set: 0 });
      expect(await build.add(hashes('dan'))).toBe(false);
      expect(await build.complete()).toBe(false);
      expect(await known(bits, 'ann', 'dan')).toEqual([true, true]);
    });

    test('forgets everything when it is cleared, what is being built included', async () => {
      await built(bits, 'ann');
      const build = await begin();
      await other.clear();

      expect(await known(bits, 'ann', 'dan')).toEqual([true, true]);
      expect(await build.complete()).toBe(false);
      expect(await bits.look()).toEqual({ ready: false, building: false, set: 0 });
      await built(other, 'dan');
      expect(await known(bits, 'ann', 'dan')).toEqual([false, true]);
    });

    test('keeps names apart, whatever they are made of', async () => {
      const paths = [
        ['c', 'f'],
        ['c', 'n', 'f'],
        ['c', 'n/f'],
        ['c/n', 'f'],
        ['c', 'n}f'],
        ['c', '{n}f'],
        ['c', '%'],
        ['c', ' é\n'],
      ];
      const filters = paths.map((path) => bench.store.open(path, SHAPE));
      for (const [at, filter] of filters.entries()) await built(filter, `key-${at}`);

      for (const [at, filter] of filters.entries()) {
        const keys = paths.map((_, n) => `key-${n}`);
        expect(await known(filter, ...keys)).toEqual(keys.map((key) => key === `key-${at}`));
      }
    });

    test('a filter of another shape is another one, which hears of everything that is added', async () => {
      const larger = bench.other.open(PATH, LARGER);
      await built(bits, 'ann');
      expect(await known(larger, 'ann', 'dan')).toEqual([true, true]);

      const build = await begin(larger);
      expect(await bits.look()).toMatchObject({ ready: true, building: false });
      await bits.add(hashes('bob'));
      await build.complete();
      await larger.add(hashes('eve'));
      await bits.add(hashes('dan'));

      expect(await known(bits, 'ann', 'bob', 'eve', 'dan', 'joe')).toEqual([true, true, true, true, false]);
      expect(await known(larger, 'ann', 'bob', 'eve', 'dan', 'joe')).toEqual([
        false,
        true,
        true,
        true,
        false,
      ]);
      await larger.clear();
      expect(await known(bits, 'joe')).toEqual([true]);
    });

    test('counts the bits that are set, whatever their number', async () => {
      await built(bits, 'ann');
      expect(await bits.look()).toEqual({ ready: true, building: false, set: SHAPE.hashes });

      await bits.add(hashes('ann'));
      expect((await bits.look()).set).toBe(SHAPE.hashes);
      await bits.add(numbered(0, 1_000));
      const { set } = await bits.look();
      expect(set / SHAPE.bits).toBeGreaterThan(0.45);
      expect(set / SHAPE.bits).toBeLessThan(0.55);
    });

    test('takes thousands of keys in one call, and in many', async () => {
      const large = bench.store.open(['cache', 'large'], LARGER);
      const build = await begin(large);
      await Promise.all([build.add(numbered(0, 2_000)), build.add(numbered(2_000, 1_000))]);
      await build.complete();
      await Promise.all(Array.from({ length: 500 }, (_, n) => large.add(numbered(3_000 + n, 1))));
      await large.add(numbered(3_500, 1_500));

      expect((await large.contains(numbered(0, 5_000))).every(Boolean)).toBe(true);
      const strangers = await large.contains(numbered(5_000, 5_000));
      expect(strangers.filter(Boolean).length).toBeLessThan(5);
      const single = numbered(4_990, 20).map(async (hash) => (await large.contains([hash]))[0]);
      expect(await Promise.all(single)).toEqual(Array.from({ length: 20 }, (_, n) => n < 10));
    });

    test('never denies a key that was added, whatever happens beside', async () => {
      const { below } = random(20_301);
      let truth = new Set<string>();
      let rebuilt: { build: FilterBuild; keys: Set<string> } | undefined;
      let denials = 0;
      for (let round = 0; round < 400; round++) {
        const key = `key-${below(150)}`;
        const filter = below(2) === 0 ? bits : other;
        const chance = below(20);
        if (chance === 0) {
          const build = await filter.build();
          expect(build === undefined).toBe(rebuilt !== undefined);
          if (build) rebuilt = { build, keys: new Set() };
        } else if (chance === 1 && rebuilt) {
          await rebuilt.build.complete();
          truth = rebuilt.keys;
          rebuilt = undefined;
        } else if (chance === 2 && rebuilt) {
          await rebuilt.build.abandon();
          rebuilt = undefined;
        } else if (chance < 5 && rebuilt) {
          await rebuilt.build.add(hashes(key));
          rebuilt.keys.add(key);
        } else if (chance < 12) {
          await filter.add(hashes(key));
          truth.add(key);
          rebuilt?.keys.add(key);
        } else {
          const [answer] = await filter.contains(hashes(key));
          if (truth.has(key)) expect(answer).toBe(true);
          else if (answer === false) denials++;
        }
      }
      expect(denials).toBeGreaterThan(20);
    });
  });
}
