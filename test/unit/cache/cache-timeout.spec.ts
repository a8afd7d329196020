import { beforeEach, describe, expect, it } from '@jest/globals';
import { CacheTimeoutError } from '../../../lib/cache/cache.errors.js';
import { HOUR, isPending, Kitchen, MINUTE, never, scene, SECOND, type Scene } from './cache.scene.js';

const GRACE = { ttl: '1m', grace: '1h' } as const;

let at: Scene;
beforeEach(() => void (at = scene()));

/** A value that is stale, and will be for an hour. */
async function stale(value: unknown = 'old'): Promise<void> {
  await at.cache.set('k', value, GRACE);
  await at.clock.advance(MINUTE);
}

describe('a soft time-out', () => {
  const SOFT = { ...GRACE, timeout: { soft: '100ms' } } as const;

  it('waits so long for a fresh value before the stale one is served', async () => {
    await stale();
    const kitchen = new Kitchen();
    const asked = at.cache.getOrSet('k', kitchen.factory, SOFT);
    await at.clock.advance(99);
    expect(await isPending(asked)).toBe(true);
    await at.clock.advance(1);

    expect(await asked).toBe('old');
    kitchen.serve('new');
    await at.clock.advance(0);
    expect(await at.cache.get('k')).toBe('new');
  });

  it('gives the fresh one that comes in time, and leaves no timer behind', async () => {
    await stale();
    const before = at.clock.pending;

    expect(await at.cache.getOrSet('k', () => 'new', SOFT)).toBe('new');
    await at.clock.advance(0);
    expect(at.clock.pending).toBe(before);
  });

  it('gives the stale one at once when the refresh fails', async () => {
    await stale();

    expect(
      await at.cache.getOrSet(
        'k',
        () => {
          throw new Error('no luck');
        },
        SOFT,
      ),
    ).toBe('old');
  });

  it('bounds nothing when there is nothing stale', async () => {
    const kitchen = new Kitchen();
    const asked = at.cache.getOrSet('k', kitchen.factory, SOFT);
    await at.clock.advance(HOUR);
    expect(await isPending(asked)).toBe(true);
    kitchen.serve('late');

    expect(await asked).toBe('late');
  });
});

describe('a hard time-out', () => {
  const HARD = { timeout: '100ms' } as const;

  it('fails the call, aborts the signal, and keeps what comes late', async () => {
    const kitchen = new Kitchen();
    const asked = at.cache.getOrSet('k', kitchen.factory, HARD);
    const outcome = expect(asked).rejects.toMatchObject({
      name: 'CacheTimeoutError',
      code: 'DEPOT_CACHE_TIMEOUT',
      key: 'k',
      timeoutMs: 100,
    });
    await at.clock.advance(99);
    expect(await isPending(asked)).toBe(true);
    expect(kitchen.signal?.aborted).toBe(false);
    await at.clock.advance(1);
    await outcome;
    expect(kitchen.signal?.reason).toBeInstanceOf(CacheTimeoutError);
    kitchen.serve('late');
    await at.clock.advance(0);

    expect(await at.cache.get('k')).toBe('late');
  });

  it('is each caller’s own: who joins later waits as long as he wants', async () => {
    const kitchen = new Kitchen();
    const patient = at.cache.getOrSet('k', kitchen.factory);
    await at.clock.advance(1_000);
    const hasty = at.cache.getOrSet('k', never, HARD);
    const outcome = expect(hasty).rejects.toThrow(CacheTimeoutError);
    await at.clock.advance(100);

    await outcome;
    expect(await isPending(patient)).toBe(true);
    expect(kitchen.signal?.aborted).toBe(false);
    kitchen.serve('late');
    expect(await patient).toBe('late');
  });

  it('does not abort what somebody else still waits for', async () => {
    const kitchen = new Kitchen();
    const hasty = expect(at.cache.getOrSet('k', kitchen.factory, HARD)).rejects.toThrow(CacheTimeoutError);
    await kitchen.busy;
    const patient = at.cache.getOrSet('k', never, { timeout: '1s' });
    await at.clock.advance(100);

    await hasty;
    expect(kitchen.signal?.aborted).toBe(false);
    const late = expect(patient).rejects.toThrow(CacheTimeoutError);
    await at.clock.advance(900);
    await late;
    expect(kitchen.signal?.aborted).toBe(true);
  });

  it('bounds the wait for another process, too', async () => {
    const kitchen = new Kitchen();
    const there = at.another().cache.getOrSet('k', kitchen.factory);
    await kitchen.busy;
    const here = expect(at.cache.getOrSet('k', never, HARD)).rejects.toThrow(CacheTimeoutError);
    await at.clock.advance(100);

    await here;
    kitchen.serve('late');
    expect(await there).toBe('late');
    expect(await at.cache.get('k')).toBe('late');
  });

  it('does not begin another factory while the late one still runs', async () => {
    const kitchen = new Kitchen();
    const first = expect(at.cache.getOrSet('k', kitchen.factory, HARD)).rejects.toThrow(CacheTimeoutError);
    await at.clock.advance(100);
    await first;
    const second = at.cache.getOrSet('k', never, HARD);
    await at.clock.advance(50);
    kitchen.serve('late');

    expect(await second).toBe('late');
  });

  it('leaves no timer behind when the value comes in time', async () => {
    await at.cache.getOrSet('k', () => 1, HARD);
    await at.cache.delete('k');
    await at.clock.advance(0);
    const before = at.clock.pending;
    await at.cache.getOrSet('k', () => 1, { ...HARD, ttl: 0 });
    await at.clock.advance(0);

    expect(at.clock.pending).toBe(before);
  });

  it('is no unhandled rejection, even if the late factory fails', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const kitchen = new Kitchen();
    const asked = expect(at.cache.getOrSet('k', kitchen.factory, HARD)).rejects.toThrow(CacheTimeoutError);
    await at.clock.advance(100);
    await asked;
    kitchen.burn(new Error('late failure'));
    await at.clock.advance(SECOND);
    process.off('unhandledRejection', note);

    expect(unhandled).toEqual([]);
    expect(await at.cache.getOrSet('k', () => 'better')).toBe('better');
  });
});
