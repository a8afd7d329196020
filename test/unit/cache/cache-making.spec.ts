import { beforeEach, describe, expect, it } from '@jest/globals';
import { PayloadError } from '../../../lib/common/errors.js';
import { counter, isPending, Kitchen, MINUTE, never, scene, type Scene } from './cache.scene.js';

let at: Scene;
beforeEach(() => void (at = scene()));

describe('getOrSet', () => {
  it('calls the factory for what is missing only', async () => {
    const factory = counter();

    expect(await at.cache.getOrSet('k', factory)).toBe(1);
    expect(await at.cache.getOrSet('k', factory)).toBe(1);
    await at.clock.advance(5 * MINUTE);
    expect(await at.cache.getOrSet('k', factory)).toBe(2);
  });

  it('tells the factory the key, and that there is no stale value', async () => {
    const told = await at.cache.namespace('n').getOrSet('k', ({ key, stale, signal }) => {
      return { key, stale: stale, aborted: signal.aborted };
    });

    expect(told).toEqual({ key: 'k', stale: undefined, aborted: false });
  });

  it('keeps the tags that are told from the value', async () => {
    await at.cache.getOrSet('k', () => ({ id: 7 }), { tags: ({ id }) => [`user:${id}`] });
    await at.cache.invalidateTags('user:8');
    expect(await at.cache.has('k')).toBe(true);
    await at.cache.invalidateTags('user:7');

    expect(await at.cache.has('k')).toBe(false);
  });

  it('does not keep undefined, nor ask anything about it', async () => {
    const factory = counter();
    const nothing = (): { id: number } | undefined => void factory();
    const options = {
      tags: ({ id }: { id: number }) => [`${id}`],
      unless: ({ id }: { id: number }) => id === 1,
      ttl: ({ id }: { id: number }) => id,
    } as object;

    expect(await Promise.all([0, 1].map(() => at.cache.getOrSet('k', nothing, options)))).toEqual([
      undefined,
      undefined,
    ]);
    expect(await at.cache.getOrSet('k', nothing, options)).toBeUndefined();
    expect(factory.calls).toBe(2);
    expect(await at.cache.has('k')).toBe(false);
  });

  it('returns what unless is true for, and does not store it', async () => {
    const factory = counter();
    const isOdd = (n: number): boolean => n % 2 === 1;

    expect(await at.cache.getOrSet('k', factory, { unless: isOdd })).toBe(1);
    expect(await at.cache.getOrSet('k', factory, { unless: isOdd })).toBe(2);
    expect(await at.cache.getOrSet('k', factory, { unless: isOdd })).toBe(2);
  });

  it('gives a value that is too large to everybody who waits, does not keep it, and says so', async () => {
    at = scene({ maxValue: '1kb' });
    const large = 'x'.repeat(2_000);

    expect(await Promise.all([0, 1].map(() => at.cache.getOrSet('k', () => large)))).toEqual([large, large]);
    expect(await at.cache.has('k')).toBe(false);
    expect(at.logger.warnings).toEqual([
      'Cache value "k" is not stored: it has 2002 bytes, at most 1024 are allowed',
    ]);
  });

  it('fails for everybody when the value can not be serialised, and keeps nothing', async () => {
    const asked = [at.cache.getOrSet('k', () => () => 1), at.cache.getOrSet('k', never)];

    await expect(asked[0]).rejects.toThrow(PayloadError);
    await expect(asked[1]).rejects.toThrow('cache value "k"');
    expect(await at.cache.getOrSet('k', () => 'better')).toBe('better');
  });
});

describe('one factory', () => {
  it('runs for a key, however many ask for it', async () => {
    const kitchen = new Kitchen();
    const asked = Array.from({ length: 100 }, () => at.cache.getOrSet('k', kitchen.factory));
    await kitchen.busy;
    asked.push(at.cache.getOrSet('k', never));
    kitchen.serve('one');

    expect(new Set(await Promise.all(asked))).toEqual(new Set(['one']));
    expect(kitchen.calls).toBe(1);
  });

  it('runs for each key: one does not wait for another', async () => {
    const kitchen = new Kitchen();
    const slow = at.cache.getOrSet('slow', kitchen.factory);

    expect(await at.cache.getOrSet('k', () => 'quick')).toBe('quick');
    kitchen.serve('late');
    expect(await slow).toBe('late');
  });

  it('runs for all processes', async () => {
    const others = Array.from({ length: 3 }, () => at.another().cache);
    const kitchen = new Kitchen();
    const asked = [at.cache, ...others].flatMap((cache) =>
      Array.from({ length: 5 }, () => cache.getOrSet('k', kitchen.factory)),
    );
    await kitchen.busy;
    kitchen.serve('one');

    expect(new Set(await Promise.all(asked))).toEqual(new Set(['one']));
    expect(kitchen.calls).toBe(1);
  });

  it('gives everybody a copy of his own', async () => {
    const original = { name: 'Ann' };
    const [first, second] = await Promise.all([
      at.cache.getOrSet('k', () => original),
      at.cache.getOrSet('k', () => original),
    ]);
    first.name = 'Eve';
    original.name = 'Eve';

    expect(second).toEqual({ name: 'Ann' });
    expect(await at.cache.get('k')).toEqual({ name: 'Ann' });
  });

  it('that may run side by side with hundreds brings no warning of a leak', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const kitchen = new Kitchen();
    const asked = Array.from({ length: 200 }, (_, n) => at.cache.getOrSet(`k${n}`, kitchen.factory));
    const elsewhere = Array.from({ length: 200 }, (_, n) => at.another().cache.getOrSet(`k${n}`, never));
    await isPending(Promise.all(asked));
    kitchen.serve('x');
    await Promise.all([...asked, ...elsewhere]);
    process.off('warning', note);

    expect(kitchen.calls).toBe(200);
    expect(warnings).toEqual([]);
  });

  it('that brings nothing to keep leaves those who wait elsewhere to make their own', async () => {
    const kitchen = new Kitchen<string | undefined>();
    const here = at.cache.getOrSet('k', kitchen.factory);
    await kitchen.busy;
    const there = at.another().cache.getOrSet<string | undefined>('k', () => 'own');
    expect(await isPending(there)).toBe(true);
    kitchen.serve(undefined);

    expect(await here).toBeUndefined();
    expect(await there).toBe('own');
    expect(await at.cache.get('k')).toBe('own');
  });

  it('that brings what is stored already as something else found by then is not kept', async () => {
    const kitchen = new Kitchen();
    const here = at.cache.getOrSet('k', kitchen.factory);
    await kitchen.busy;
    const there = at.another().cache.getOrSet('k', never);
    await at.another().cache.set('k', 'set');
    kitchen.serve('made');

    expect(await there).toBe('set');
    expect(await here).toBe('made');
    expect(await at.cache.get('k')).toBe('set');
  });

  it('may ask for other keys of the cache', async () => {
    const value = await at.cache.getOrSet('a', async () => `a${await at.cache.getOrSet('b', () => 'b')}`);

    expect(value).toBe('ab');
  });

  it('may delete its own key, and what it brings is not kept', async () => {
    const value = await at.cache.getOrSet('k', async () => {
      await at.cache.delete('k');
      return 'made';
    });

    expect(value).toBe('made');
    expect(await at.cache.has('k')).toBe(false);
  });

  it('is found by two handles of a namespace, and not by the same key elsewhere', async () => {
    const kitchen = new Kitchen();
    const asked = [1, 2].map(() => at.cache.namespace('n').getOrSet('k', kitchen.factory));
    const elsewhere = [at.cache, at.cache.namespace('m'), at.cache.namespace('n').namespace('n')];

    for (const cache of elsewhere) expect(await cache.getOrSet('k', () => 'other')).toBe('other');
    kitchen.serve('one');
    expect(await Promise.all(asked)).toEqual(['one', 'one']);
    expect(kitchen.calls).toBe(1);
  });
});
