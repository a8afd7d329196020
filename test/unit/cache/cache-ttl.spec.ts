import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Duration } from '../../../lib/common/duration.js';
import { DepotConfigError } from '../../../lib/common/errors.js';
import { counter, HOUR, MINUTE, scene, type Scene } from './cache.scene.js';

const YEAR = 365 * 24 * HOUR;
const NEVER = Number.POSITIVE_INFINITY;

let at: Scene;
beforeEach(() => void (at = scene({ ttl: '1m' })));

/** Whether what was stored with this ttl is there after so long. */
async function isThere(ttl: Duration | undefined, ms: number): Promise<boolean> {
  await at.cache.set('k', 1, ttl === undefined ? {} : { ttl });
  at.clock.jump(ms);
  return at.cache.has('k');
}

describe('the ttl', () => {
  it('is that of the cache by default', async () => {
    expect(await isThere(undefined, MINUTE - 1)).toBe(true);
    expect(await isThere(undefined, MINUTE)).toBe(false);
  });

  it('is five minutes when nobody says otherwise', async () => {
    at = scene();
    expect(await isThere(undefined, 5 * MINUTE - 1)).toBe(true);
    expect(await isThere(undefined, 5 * MINUTE)).toBe(false);
  });

  it('of the call comes first', async () => {
    expect(await isThere('2m', 2 * MINUTE - 1)).toBe(true);
    expect(await isThere('2m', 2 * MINUTE)).toBe(false);
    expect(await isThere(10, 10)).toBe(false);
  });

  it('that is undefined is that of the cache', async () => {
    await at.cache.getOrSet('k', () => 1, { ttl: undefined } as object);

    expect(await at.cache.ttl('k')).toBe(MINUTE);
  });

  it('of a fraction of a millisecond is a whole one', async () => {
    expect(await isThere(0.1, 0)).toBe(true);
    expect(await isThere(0.1, 1)).toBe(false);
  });

  it('of 0 keeps nothing, and leaves nothing', async () => {
    await at.cache.set('k', 'old');

    expect(await isThere(0, 0)).toBe(false);
    expect(await at.cache.getOrSet('k', () => 'made', { ttl: '0s' })).toBe('made');
    expect(await at.cache.has('k')).toBe(false);
  });

  it('of 0 for the cache keeps nothing that does not say otherwise', async () => {
    at = scene({ ttl: 0 });
    const factory = counter();

    expect(await at.cache.getOrSet('k', factory)).toBe(1);
    expect(await at.cache.getOrSet('k', factory)).toBe(2);
    expect(await isThere('1s', 0)).toBe(true);
  });

  it('of Infinity never ends', async () => {
    expect(await isThere(NEVER, 1_000 * YEAR)).toBe(true);
    expect(await at.cache.ttl('k')).toBe(NEVER);
  });

  it('of Infinity may be that of the cache', async () => {
    at = scene({ ttl: NEVER });

    expect(await isThere(undefined, 1_000 * YEAR)).toBe(true);
  });

  it('beyond a century is a century, so that no engine overflows', async () => {
    expect(await isThere('9999999999999d', 99 * YEAR)).toBe(true);
    expect(await at.cache.ttl('k')).toBe(YEAR);
  });

  it.each([-1, Number.NaN, -NEVER, '10 s', '', null, {}, true])('of %p is refused', async (ttl) => {
    await at.cache.set('k', 'old');
    const factory = counter();

    for (const call of [
      () => at.cache.set('k', 1, { ttl: ttl as Duration }),
      () => at.cache.setMany([['k', 1]], { ttl: ttl as Duration }),
      () => at.cache.expire('k', ttl as Duration),
      () => at.cache.increment('n', 1, { ttl: ttl as Duration }),
      () => at.cache.getOrSet('j', factory, { ttl: ttl as Duration }),
      () => at.cache.getOrSetMany(['j'], () => [factory()], { ttl: ttl as Duration }),
    ]) {
      const called = call();
      await expect(called).rejects.toThrow(DepotConfigError);
      await expect(called).rejects.toThrow(/^ttl is/);
    }
    expect(factory.calls).toBe(0);
    expect(await at.cache.get('k')).toBe('old');
    expect(await at.cache.has('n')).toBe(false);
  });
});

describe('a ttl that is told from the value', () => {
  interface Token {
    readonly expiresIn: number;
  }
  const ttl = (token: Token): number => token.expiresIn;

  it('holds for that value', async () => {
    await at.cache.getOrSet('token', () => ({ expiresIn: 10 }), { ttl });

    expect(await at.cache.ttl('token')).toBe(10);
  });

  it('holds for each of many', async () => {
    await at.cache.getOrSetMany(['a', 'b', 'c'], () => [{ expiresIn: 10 }, { expiresIn: 0 }, undefined], {
      ttl: (token) => ttl(token),
    });

    expect(await at.cache.ttl('a')).toBe(10);
    expect(await at.cache.getMany(['b', 'c'])).toEqual([undefined, undefined]);
  });

  it('is not told from null, nor from undefined', async () => {
    const nothing: Token | null | undefined = null;

    expect(await at.cache.getOrSet<Token | null>('k', () => nothing, { ttl, nullTtl: 7 })).toBeNull();
    expect(await at.cache.ttl('k')).toBe(7);
    expect(await at.cache.getOrSet<Token | undefined>('j', () => undefined, { ttl })).toBeUndefined();
  });

  it('may be Infinity, and may be nothing', async () => {
    await at.cache.getOrSet('k', () => ({ expiresIn: NEVER }), { ttl });
    await at.cache.getOrSet('j', () => ({ expiresIn: 0 }), { ttl });

    expect(await at.cache.ttl('k')).toBe(NEVER);
    expect(await at.cache.has('j')).toBe(false);
  });

  it('fails the call when it is no duration, or throws; nothing is stored, and the next call tries again', async () => {
    const made = at.cache.getOrSet('k', () => ({ expiresIn: -1 }), { ttl });
    const thrown = at.cache.getOrSet('j', () => 1, {
      ttl: () => {
        throw new Error('no ttl');
      },
    });

    await expect(made).rejects.toThrow('what the ttl function returned is -1; expected');
    await expect(made).rejects.toThrow(DepotConfigError);
    await expect(thrown).rejects.toThrow('no ttl');
    expect(await at.cache.getOrSet('k', () => ({ expiresIn: 1 }), { ttl })).toEqual({ expiresIn: 1 });
    expect(await at.cache.getOrSet('j', () => 2)).toBe(2);
  });
});

describe('null', () => {
  it('is a value, which has the ttl of any other by default', async () => {
    const factory = counter();
    await at.cache.set('k', null, { ttl: 10 });

    expect(await at.cache.ttl('k')).toBe(10);
    expect(await at.cache.getOrSet('k', factory)).toBeNull();
    expect(factory.calls).toBe(0);
  });

  it('has a ttl of its own with nullTtl, of the cache or of the call', async () => {
    at = scene({ nullTtl: '2s' });
    await at.cache.set('a', null);
    await at.cache.set('b', null, { ttl: 10, nullTtl: 20 });
    await at.cache.set('c', 1, { ttl: 10, nullTtl: 20 });
    await at.cache.getOrSet('d', () => null, { nullTtl: 30 });

    expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => at.cache.ttl(key)))).toEqual([
      2_000, 20, 10, 30,
    ]);
  });

  it('is not kept with a nullTtl of 0', async () => {
    await at.cache.set('k', 'old');
    await at.cache.set('k', null, { nullTtl: 0 });

    expect(await at.cache.has('k')).toBe(false);
    expect(await at.cache.getOrSet('k', () => null, { nullTtl: 0 })).toBeNull();
    expect(await at.cache.has('k')).toBe(false);
  });
});

describe('expire', () => {
  it('sets how long a value is fresh from now on, and says whether there was one', async () => {
    await at.cache.set('k', 1);
    at.clock.jump(MINUTE / 2);

    expect(await at.cache.expire('k', '2m')).toBe(true);
    expect(await at.cache.ttl('k')).toBe(2 * MINUTE);
    expect(await at.cache.expire('k', NEVER)).toBe(true);
    expect(await at.cache.ttl('k')).toBe(NEVER);
    expect(await at.cache.expire('j', '2m')).toBe(false);
    expect(await at.cache.has('j')).toBe(false);
  });

  it('of 0 is the end of it', async () => {
    await at.cache.set('k', 1);

    expect(await at.cache.expire('k', 0)).toBe(true);
    expect(await at.cache.get('k')).toBeUndefined();
    expect(await at.cache.expire('k', 0)).toBe(false);
  });

  it('of 0 leaves the grace', async () => {
    await at.cache.set('k', 'old', { grace: '1h' });
    await at.cache.expire('k', 0);

    expect(await at.cache.get('k')).toBeUndefined();
    expect(await at.cache.getOrSet('k', () => 'new', { grace: '1h' })).toBe('old');
  });

  it('does not bring back what is stale', async () => {
    await at.cache.set('k', 'old', { ttl: 10, grace: '1h' });
    at.clock.jump(10);

    expect(await at.cache.expire('k', '1h')).toBe(false);
    expect(await at.cache.get('k')).toBeUndefined();
  });

  it('leaves the tags', async () => {
    await at.cache.set('k', 1, { tags: ['t'] });
    await at.cache.expire('k', '1h');
    await at.cache.invalidateTags('t');

    expect(await at.cache.has('k')).toBe(false);
  });
});

describe('ttl()', () => {
  it('says how long a value will be fresh', async () => {
    await at.cache.set('k', 1, { ttl: 100, grace: '1h' });
    at.clock.jump(30);

    expect(await at.cache.ttl('k')).toBe(70);
    at.clock.jump(70);
    expect(await at.cache.ttl('k')).toBeUndefined();
    expect(await at.cache.ttl('j')).toBeUndefined();
  });
});
