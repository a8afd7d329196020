import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BloomFilter, type FilterReads } from '../../../../lib/cache/filter/bloom.filter.js';
import { everyBit, hashOf } from '../../../../lib/cache/filter/filter.hash.js';
import type { FilterOptions } from '../../../../lib/cache/filter/filter.shape.js';
import type { FilterStore } from '../../../../lib/cache/filter/filter.store.js';
import { DepotConfigError, EngineReplyError, EngineUnavailableError } from '../../../../lib/common/errors.js';
import { EmbeddedFilterStore } from '../../../../lib/engines/embedded/embedded-filter.store.js';
import { Deferred } from '../../../support/deferred.js';
import { settled } from '../../../support/manual-clock.js';

const reads: FilterReads = {
  attempt: async (_key, work) => work().catch(() => undefined),
};

const open = (options: FilterOptions = { capacity: 1_000 }, store: FilterStore = new EmbeddedFilterStore()) =>
  new BloomFilter(store, ['cache', 'users'], options, reads);

const numbered = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `user:${from + n}`);

describe('a Bloom filter', () => {
  test('every key may exist until it was built', async () => {
    const filter = open();
    await filter.add('ann');

    expect(await filter.mightContain('ann')).toBe(true);
    expect(await filter.mightContain('bob')).toBe(true);
    expect((await filter.info()).ready).toBe(false);
  });

  test('denies what it was not built of, and knows what is added', async () => {
    const filter = open({ capacity: 1_000, errorRate: 1e-6 });
    expect(await filter.rebuild(['ann', 'bob'])).toBe(true);
    await filter.add('eve', 'joe');
    await filter.addMany(new Set(['dan']));

    expect(await filter.mightContainMany(['ann', 'bob', 'eve', 'joe', 'dan', 'kim'])).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(await filter.mightContainMany([])).toEqual([]);
    await filter.clear();
    expect(await filter.mightContain('kim')).toBe(true);
  });

  test.each([
    [10, 0.1, 2_000],
    [100, 0.01, 500],
    [20_000, 0.01, 1],
    [20_000, 0.001, 1],
    [5_000, 0.5, 1],
  ])(
    'holding %d keys it takes fewer than 1.5 x %d strangers for known',
    async (capacity, errorRate, filters) => {
      let wrong = 0;
      let asked = 0;
      for (let n = 0; n < filters; n++) {
        const filter = open({ capacity, errorRate });
        await filter.rebuild(numbered(n * capacity, capacity));
        const strangers = Math.max(capacity, 20);
        const answers = await filter.mightContainMany(numbered(10_000_000 + n * strangers, strangers));
        wrong += answers.filter(Boolean).length;
        asked += answers.length;
      }
      expect(wrong / asked).toBeLessThan(1.5 * errorRate);
      expect(wrong).toBeGreaterThan(0);
    },
  );

  test('never denies a key that was added, of whatever characters, at whatever size', async () => {
    const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          capacity: fc.integer({ min: 1, max: 500 }),
          errorRate: fc.double({ min: 1e-12, max: 0.5, noNaN: true }),
        }),
        fc.array(key, { maxLength: 100 }),
        fc.array(key, { maxLength: 100 }),
        async (options, first, later) => {
          const filter = open(options);
          await filter.rebuild(first);
          await filter.addMany(later);
          expect((await filter.mightContainMany([...first, ...later])).every(Boolean)).toBe(true);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  test('hashes as it always did: stored filters depend on it', () => {
    expect(hashOf('user:1')).toEqual({ first: expect.any(Number), second: expect.any(Number) });
    expect(hashOf('')).toEqual({ first: 0xe3b0c44298fc, second: 0x1c149afbf4c8 });

    const seen: number[] = [];
    everyBit({ first: 2 * 64 + 5, second: 7 * 64 + 3 }, { bits: 64, hashes: 6 }, (bit) => seen.push(bit) > 0);
    expect(seen).toEqual([5, 8, 12, 18, 27, 40]);
  });

  test('tells how full it is', async () => {
    const filter = open({ capacity: 1_000, errorRate: 0.01 });
    expect(await filter.info()).toEqual({
      ...{ bits: 9_600, hashes: 7, capacity: 1_000, errorRate: 0.01 },
      ...{ ready: false, building: false, fill: 0, items: 0, currentErrorRate: 1 },
    });

    await filter.rebuild(numbered(0, 1_000));
    const full = await filter.info();
    expect(full.items).toBeGreaterThan(970);
    expect(full.items).toBeLessThan(1_030);
    expect(full.fill).toBeGreaterThan(0.48);
    expect(full.fill).toBeLessThan(0.54);
    expect(full.currentErrorRate).toBeLessThan(0.0125);

    await filter.addMany(numbered(1_000, 200_000));
    const over = await filter.info();
    expect(over).toMatchObject({ fill: 1, currentErrorRate: 1 });
    expect(Number.isFinite(over.items)).toBe(true);
  });

  test('is rebuilt from whatever gives keys, and tells how far it is', async () => {
    const progress: number[] = [];
    const onProgress = ({ added }: { added: number }): number => progress.push(added);
    const filter = open({ capacity: 5_000, errorRate: 1e-6 });
    await filter.rebuild(numbered(0, 2_500), { onProgress });
    expect(progress).toEqual([1_000, 2_000, 2_500]);

    await filter.rebuild(rows(3_000), { onProgress });
    expect(progress.slice(3)).toEqual([1_000, 2_000, 3_000]);
    expect((await filter.mightContainMany(numbered(0, 3_000))).every(Boolean)).toBe(true);
    expect(await filter.mightContain('user:3000')).toBe(false);

    await filter.rebuild(new Set());
    expect(await filter.mightContain('user:0')).toBe(false);
  });

  test('is rebuilt once at a time', async () => {
    const filter = open();
    const gate = new Deferred<undefined>();
    const first = filter.rebuild(rows(1, gate.promise));
    await settled();
    expect((await filter.info()).building).toBe(true);
    expect(await filter.rebuild(['bob'])).toBe(false);

    gate.resolve(undefined);
    expect(await first).toBe(true);
    expect(await filter.rebuild(['bob'])).toBe(true);
  });

  test.each<[string, () => Iterable<string> | AsyncIterable<string>]>([
    ['source', () => failing()],
    ['key', () => ['ann', '']],
    ['stream', () => failingRows()],
  ])('stays as it was when the %s fails', async (_, source) => {
    const filter = open({ capacity: 1_000, errorRate: 1e-6 });
    await filter.rebuild(['ann']);

    await expect(filter.rebuild(source())).rejects.toThrow();
    expect(await filter.mightContainMany(['ann', 'bob'])).toEqual([true, false]);
    expect(await filter.rebuild(['bob'])).toBe(true);
  });

  test('stays as it was when onProgress throws', async () => {
    const filter = open();
    await expect(
      filter.rebuild(['ann'], {
        onProgress: () => {
          throw new Error('enough');
        },
      }),
    ).rejects.toThrow('enough');
    expect(await filter.info()).toMatchObject({ ready: false, building: false });
  });

  test('ends at once when its signal aborts, though the source is silent', async () => {
    const filter = open();
    const abort = new AbortController();
    let ended = false;
    const source = rows(10, new Promise<undefined>(() => undefined), () => (ended = true));
    const rebuild = filter.rebuild(source, { signal: abort.signal });
    await settled();
    abort.abort(new Error('shutting down'));

    await expect(rebuild).rejects.toThrow('shutting down');
    expect(await filter.info()).toMatchObject({ ready: false, building: false });
    expect(ended).toBe(false);
    await expect(filter.rebuild(['ann'], { signal: abort.signal })).rejects.toThrow('shutting down');
    expect(await filter.rebuild(['ann'])).toBe(true);
  });

  test('has its source end when it ends early', async () => {
    const filter = open();
    const abort = new AbortController();
    let ended = false;
    const rebuild = filter.rebuild(
      rows(3_000, undefined, () => (ended = true)),
      { signal: abort.signal, onProgress: () => abort.abort(new Error('shutting down')) },
    );

    await expect(rebuild).rejects.toThrow('shutting down');
    await settled();
    expect(ended).toBe(true);
  });

  test('says so when what was built is lost', async () => {
    const filter = open();
    const gate = new Deferred<undefined>();
    const rebuild = filter.rebuild(rows(1, gate.promise));
    await settled();
    await filter.clear();
    gate.resolve(undefined);

    await expect(rebuild).rejects.toThrow(EngineReplyError);
    await expect(rebuild).rejects.toThrow('What was built of filter "users" is lost');
  });

  test('every key may exist while the engine is away; what changes it rejects', async () => {
    const filter = open({ capacity: 10 }, away);

    expect(await filter.mightContain('ann')).toBe(true);
    expect(await filter.mightContainMany(['ann', 'bob'])).toEqual([true, true]);
    await expect(filter.add('ann')).rejects.toThrow(EngineUnavailableError);
    await expect(filter.rebuild(['ann'])).rejects.toThrow(EngineUnavailableError);
    await expect(filter.info()).rejects.toThrow(EngineUnavailableError);
    await expect(filter.clear()).rejects.toThrow(EngineUnavailableError);
  });

  test('refuses bad keys and names', async () => {
    const filter = open();
    await expect(filter.mightContain('')).rejects.toThrow(DepotConfigError);
    await expect(filter.mightContain(7 as unknown as string)).rejects.toThrow('key of a filter is 7');
    await expect(filter.add('x'.repeat(1_025))).rejects.toThrow('key of a filter');
    expect(() => new BloomFilter(new EmbeddedFilterStore(), ['cache', ''], { capacity: 1 }, reads)).toThrow(
      'name of a filter is empty',
    );
    expect(() => open({ capacity: 0 })).toThrow('capacity of filter "users" is 0');
  });
});

async function* rows(count: number, before?: Promise<undefined>, ended = (): unknown => undefined) {
  try {
    await before;
    yield* numbered(0, count);
  } finally {
    ended();
  }
}

function* failing() {
  yield 'bob';
  throw new Error('no more rows');
}

async function* failingRows() {
  yield* numbered(0, 1_500);
  throw new Error('no more rows');
}

const gone = async (): Promise<never> => {
  throw new EngineUnavailableError('gone');
};

const away: FilterStore = {
  open: () => ({ contains: gone, add: gone, build: gone, look: gone, clear: gone }),
};
