import { beforeEach, describe, expect, it } from '@jest/globals';
import { counter, HOUR, Kitchen, MINUTE, never, scene, SECOND, type Scene } from './cache.scene.js';

let at: Scene;
beforeEach(() => void (at = scene()));

describe.each(['near', 'afar'])('refreshAhead of a value that is %s', (where) => {
  const AHEAD = { ttl: '1m', refreshAhead: 0.8 } as const;
  beforeEach(() => void (at.troubles.blind = where === 'afar'));

  it('makes it anew behind the back of who asks after that part of the ttl, once', async () => {
    const kitchen = new Kitchen();
    await at.cache.set('k', 'old', { ttl: '1m' });
    await at.clock.advance(48 * SECOND - 1);
    expect(await at.cache.getOrSet('k', never, AHEAD)).toBe('old');
    await at.clock.advance(1);
    const asked = Array.from({ length: 20 }, () => at.cache.getOrSet('k', kitchen.factory, AHEAD));

    expect(new Set(await Promise.all(asked))).toEqual(new Set(['old']));
    await kitchen.busy;
    expect(kitchen.calls).toBe(1);
    kitchen.serve('new');
    await at.clock.advance(0);
    expect(await at.cache.getOrSet('k', never, AHEAD)).toBe('new');
    expect(await at.cache.ttl('k')).toBe(MINUTE);
  });

  it('leaves the value when it fails, and is tried again after a second', async () => {
    const factory = counter();
    const failing = (): never => {
      throw new Error(`no luck ${factory()}`);
    };
    await at.cache.set('k', 'old', { ttl: '1m' });
    await at.clock.advance(50 * SECOND);
    for (const calls of [1, 1]) {
      expect(await at.cache.getOrSet('k', failing, AHEAD)).toBe('old');
      await at.clock.advance(0);
      expect(factory.calls).toBe(calls);
    }
    await at.clock.advance(SECOND);
    expect(await at.cache.getOrSet('k', failing, AHEAD)).toBe('old');
    await at.clock.advance(0);

    expect(factory.calls).toBe(2);
  });

  it('is joined by who comes when the value has expired meanwhile', async () => {
    const kitchen = new Kitchen();
    await at.cache.set('k', 'old', { ttl: '1m' });
    await at.clock.advance(50 * SECOND);
    await at.cache.getOrSet('k', kitchen.factory, AHEAD);
    await at.clock.advance(10 * SECOND);
    const asked = at.cache.getOrSet('k', never, AHEAD);
    kitchen.serve('new');

    expect(await asked).toBe('new');
  });

  it('does not happen to what never expires, nor by itself', async () => {
    await at.cache.set('k', 'old', { ttl: Number.POSITIVE_INFINITY });
    await at.cache.set('j', 'old', { ttl: '1m' });
    await at.clock.advance(1_000 * HOUR);

    expect(await at.cache.getOrSet('k', never, AHEAD)).toBe('old');
    expect(await at.cache.has('j')).toBe(false);
  });

  it('does not land when the value is deleted meanwhile', async () => {
    const kitchen = new Kitchen();
    await at.cache.set('k', 'old', { ttl: '1m' });
    await at.clock.advance(50 * SECOND);
    await at.cache.getOrSet('k', kitchen.factory, AHEAD);
    await kitchen.busy;
    await at.cache.delete('k');
    kitchen.serve('old again');
    await at.clock.advance(0);

    expect(await at.cache.has('k')).toBe(false);
  });
});

describe('jitter', () => {
  async function ttls(jitter: number, ttl: number): Promise<number[]> {
    const found: number[] = [];
    for (let n = 0; n < 2_000; n++) {
      await at.cache.set('k', n, { ttl, jitter });
      found.push((await at.cache.ttl('k')) ?? Number.NaN);
    }
    return found.sort((one, other) => one - other);
  }

  it('shortens each ttl by a part that is random and even, and never prolongs one', async () => {
    const found = await ttls(0.2, 10_000);

    expect(found[0]).toBeGreaterThanOrEqual(8_000);
    expect(found[0]).toBeLessThan(8_050);
    expect(found.at(-1)).toBeLessThanOrEqual(10_000);
    expect(found.at(-1)).toBeGreaterThan(9_950);
    // One in 10^10 runs is as uneven as this: the middle is six deviations away from where it belongs.
    expect(Math.abs((found[1_000] ?? 0) - 9_000)).toBeLessThan(270);
  });

  it('of 1 leaves something of every ttl', async () => {
    const found = await ttls(1, 2);

    expect(new Set(found)).toEqual(new Set([1, 2]));
  });

  it('of 0 is none', async () => {
    expect(new Set(await ttls(0, 10))).toEqual(new Set([10]));
  });

  it('leaves what never expires', async () => {
    await at.cache.set('k', 1, { ttl: Number.POSITIVE_INFINITY, jitter: 1 });

    expect(await at.cache.ttl('k')).toBe(Number.POSITIVE_INFINITY);
  });

  it('may be that of the cache, and holds for what factories make, and for null', async () => {
    at = scene({ jitter: 0.5, ttl: '1h' });
    await at.cache.getOrSetMany(
      Array.from({ length: 50 }, (_, n) => `${n}`),
      (keys) => keys.map(() => null),
    );
    const found = new Set<number | undefined>();
    for (let n = 0; n < 50; n++) found.add(await at.cache.ttl(`${n}`));

    expect(found.size).toBeGreaterThan(40);
  });
});
