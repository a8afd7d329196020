import { beforeEach, describe, expect, it } from '@jest/globals';
import type { WarmEntry, WarmUp } from '../../../lib/cache/cache.warm.js';
import { DepotConfigError } from '../../../lib/common/errors.js';
import { isPending, Kitchen, never, scene, type Scene } from './cache.scene.js';

let at: Scene;
beforeEach(() => void (at = scene()));

const entries = (count: number): WarmEntry[] =>
  Array.from({ length: count }, (_, n) => ({ key: `k${n}`, factory: () => n }));

describe('warm', () => {
  it('makes what is not there yet, with the options of each', async () => {
    await at.cache.set('there', 'old');
    const list: WarmEntry[] = [
      { key: 'there', factory: never },
      { key: 'new', factory: () => 'made', options: { ttl: 10 } },
    ];

    expect(await at.cache.warm(list)).toEqual({ done: 2, failed: [] });
    expect(await at.cache.getMany(['there', 'new'])).toEqual(['old', 'made']);
    expect(await at.cache.ttl('new')).toBe(10);
  });

  it.each([[1], [3], [undefined]])('runs %p at a time, eight by default', async (concurrency) => {
    const kitchens = Array.from({ length: 20 }, () => new Kitchen());
    const list = kitchens.map(({ factory }, n) => ({ key: `k${n}`, factory }));
    const warming = at.cache.warm(list, concurrency === undefined ? {} : { concurrency });
    const running = (): number => kitchens.reduce((sum, { calls }) => sum + calls, 0);
    expect(await isPending(warming)).toBe(true);
    expect(running()).toBe(concurrency ?? 8);
    kitchens[0]?.serve('x');
    await isPending(warming);
    expect(running()).toBe((concurrency ?? 8) + 1);
    for (const kitchen of kitchens) kitchen.serve('x');

    expect(await warming).toEqual({ done: 20, failed: [] });
  });

  it('tells of its progress after each', async () => {
    const told: WarmUp[] = [];
    await at.cache.warm(entries(3), { onProgress: (progress) => told.push(progress), concurrency: 1 });

    expect(told).toEqual([1, 2, 3].map((done) => ({ done, failed: [] })));
  });

  it('goes on after a failure, which is in the outcome', async () => {
    const error = new Error('no luck');
    const [first, ...rest] = entries(3);
    const failing = {
      key: 'failing',
      factory: () => {
        throw error;
      },
    };
    const bad = { key: '', factory: never };
    const list = [...(first ? [first] : []), failing, bad, ...rest];

    expect(await at.cache.warm(list, { concurrency: 1 })).toEqual({
      done: 3,
      failed: [
        { key: 'failing', error },
        { key: '', error: expect.any(DepotConfigError) },
      ],
    });
  });

  it('begins no more when the signal aborts, and lets what runs end', async () => {
    const abort = new AbortController();
    const kitchen = new Kitchen();
    const list = [
      { key: 'a', factory: kitchen.factory },
      { key: 'b', factory: never },
    ];
    const warming = at.cache.warm(list, { signal: abort.signal, concurrency: 1 });
    await kitchen.busy;
    abort.abort();
    kitchen.serve('x');

    expect(await warming).toEqual({ done: 1, failed: [] });
    expect(await at.cache.warm(list, { signal: abort.signal })).toEqual({ done: 0, failed: [] });
  });

  it('takes entries from a generator, one by one, and lets it clean up', async () => {
    const log: string[] = [];
    const abort = new AbortController();
    function* generate(): Generator<WarmEntry> {
      try {
        for (const entry of entries(5)) {
          log.push(entry.key);
          yield entry;
        }
      } finally {
        log.push('clean');
      }
    }
    const onProgress = ({ done }: WarmUp): void => void (done === 2 && abort.abort());

    expect(await at.cache.warm(generate(), { concurrency: 1, onProgress, signal: abort.signal })).toEqual({
      done: 2,
      failed: [],
    });
    expect(log.at(-1)).toBe('clean');
    expect(log.length).toBeLessThan(5);
  });

  it('rejects with what the entries themselves throw, when what runs has ended', async () => {
    const kitchen = new Kitchen();
    function* generate(): Generator<WarmEntry> {
      yield { key: 'a', factory: kitchen.factory };
      throw new Error('no entries');
    }
    const warming = at.cache.warm(generate());
    const outcome = expect(warming).rejects.toThrow('no entries');
    expect(await isPending(warming)).toBe(true);
    kitchen.serve('x');

    await outcome;
    expect(await at.cache.get('a')).toBe('x');
  });

  it('ends, and rejects, when who is told of its progress throws', async () => {
    const onProgress = (): never => {
      throw new Error('not interested');
    };

    await expect(at.cache.warm(entries(3), { onProgress, concurrency: 1 })).rejects.toThrow('not interested');
    expect(await at.cache.getMany(['k0', 'k1'])).toEqual([0, undefined]);
  });

  it.each([0, 1_001, 1.5, '8'])('refuses a concurrency of %p', async (concurrency) => {
    const warming = at.cache.warm([], { concurrency: concurrency as number });

    await expect(warming).rejects.toThrow(/^warm: concurrency is .*; expected a whole number from 1 to 1000/);
    await expect(warming).rejects.toThrow(DepotConfigError);
  });
});
