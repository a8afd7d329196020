import { beforeEach, describe, expect, it } from '@jest/globals';
import { EngineReplyError, EngineUnavailableError } from '../../../lib/common/errors.js';
import { counter, isPending, Kitchen, MINUTE, scene, type Scene } from './cache.scene.js';

let at: Scene;
beforeEach(() => void (at = scene()));

describe('when the engine is away', () => {
  beforeEach(async () => {
    await at.cache.set('k', 'stored');
    at.troubles.away = true;
  });

  it('what this process knows is served', async () => {
    expect(await at.cache.get('k')).toBe('stored');
    expect(at.cache.peek('k')).toBe('stored');
    expect(await at.cache.has('k')).toBe(true);
    expect(await at.cache.ttl('k')).toBe(5 * MINUTE);
    expect(await at.cache.getMany(['k', 'j'])).toEqual(['stored', undefined]);
  });

  it('reads of anything else find nothing', async () => {
    at.troubles.blind = true;

    expect(await at.cache.get('k')).toBeUndefined();
    expect(await at.cache.has('k')).toBe(false);
    expect(await at.cache.ttl('k')).toBeUndefined();
    expect(await at.cache.getMany(['k', 'j'])).toEqual([undefined, undefined]);
  });

  it('getOrSet answers from the factory, once for all who wait in the process', async () => {
    const factory = counter();
    const asked = Array.from({ length: 5 }, () => at.cache.getOrSet('j', factory));

    expect(await Promise.all(asked)).toEqual([1, 1, 1, 1, 1]);
    expect(await at.cache.getOrSet('j', factory)).toBe(2);
  });

  it('getOrSet does not ask it again to store what was made', async () => {
    await at.cache.getOrSet('j', () => 'made');

    expect(at.troubles.asked.slice(1)).toEqual(['read', 'claim']);
  });

  it('getOrSet fails with what the factory throws', async () => {
    const failing = (): never => {
      throw new Error('no luck');
    };

    await expect(at.cache.getOrSet('j', failing)).rejects.toThrow('no luck');
    await expect(at.cache.getOrSetMany(['j'], failing)).rejects.toThrow('no luck');
  });

  it('a stale value is served', async () => {
    at.troubles.away = false;
    await at.cache.set('k', 'old', { ttl: 10, grace: '1h' });
    at.troubles.away = true;
    at.clock.jump(10);

    expect(await at.cache.getOrSet('k', () => 'new', { grace: '1h' })).toBe('old');
  });

  it('set, delete and invalidations resolve, and say that it was not done', async () => {
    expect(await at.cache.set('k', 1)).toBe(false);
    expect(await at.cache.set('k', undefined)).toBe(false);
    expect(await at.cache.setMany(Object.entries({ a: 1, b: undefined }))).toBe(false);
    expect(await at.cache.delete('k')).toBe(false);
    expect(await at.cache.deleteMany(['k', 'j'])).toBe(0);
    expect(await at.cache.deletePattern('*')).toBe(0);
    await at.cache.invalidateTags('t');
    await at.cache.clear();
    await at.cache.namespace('n').invalidate();
  });

  it('increment and expire reject', async () => {
    await expect(at.cache.increment('n')).rejects.toThrow(EngineUnavailableError);
    await expect(at.cache.expire('k', '1m')).rejects.toThrow(EngineUnavailableError);
  });

  it('who asks after a delete does not get what was begun before it', async () => {
    const kitchen = new Kitchen();
    const before = at.cache.getOrSet('j', kitchen.factory);
    await kitchen.busy;
    await at.cache.delete('j');

    expect(await at.cache.getOrSet('j', () => 'new')).toBe('new');
    kitchen.serve('old');
    expect(await before).toBe('old');
  });

  it('a warm-up makes what it can', async () => {
    expect(await at.cache.warm([{ key: 'a', factory: () => 1 }])).toEqual({ done: 1, failed: [] });
  });

  it('it is logged once for each time, and so is its return', async () => {
    for (let n = 0; n < 3; n++) await at.cache.getOrSet('j', () => n);
    expect(at.logger.warnings).toEqual([
      'Reading the cache fails, first noticed with "j": Can\'t reach Redis',
    ]);
    at.troubles.away = false;
    for (let n = 0; n < 3; n++) await at.cache.get('x');
    expect(at.logger.logs).toEqual(['Reading the cache works again']);
    at.troubles.away = true;
    await at.cache.get('x');

    expect(at.logger.warnings).toHaveLength(2);
    expect(at.logger.errors).toEqual([]);
  });

  it('a cache is named in the log', async () => {
    const rates = at.registry.register('rates', {});
    await rates.get('x');
    await rates.set('x', 1);

    expect(at.logger.warnings).toEqual([
      expect.stringContaining("Reading cache 'rates' fails"),
      expect.stringContaining("Writing cache 'rates' fails"),
    ]);
  });
});

describe('when the engine goes while a factory runs', () => {
  it('what was made is given all the same', async () => {
    const asked = at.cache.getOrSet('j', () => {
      at.troubles.away = true;
      return 'made';
    });

    expect(await asked).toBe('made');
    expect(at.cache.stats()).toMatchObject({ factoryCalls: 1, factoryErrors: 0 });
  });

  it('its error is given all the same', async () => {
    const asked = at.cache.getOrSet('j', () => {
      at.troubles.away = true;
      throw new Error('no luck');
    });

    await expect(asked).rejects.toThrow('no luck');
  });
});

describe('when the engine is full', () => {
  beforeEach(() => void (at.troubles.full = true));

  it('a set rejects with what the engine says', async () => {
    await expect(at.cache.set('k', 1)).rejects.toThrow(EngineReplyError);
  });

  it('factories answer, and it is logged once, however many reads work', async () => {
    for (let n = 0; n < 5; n++) expect(await at.cache.getOrSet(`k${n}`, () => n)).toBe(n);

    expect(at.logger.warnings).toEqual([expect.stringMatching(/^Writing the cache fails.*"k0".*OOM/)]);
    expect(at.logger.logs).toEqual([]);
  });
});

describe('when the engine is slow', () => {
  it('what this process knows is served at once, and the rest when it answers', async () => {
    await at.cache.set('k', 'stored');
    let release = (): void => undefined;
    at.troubles.slow = new Promise<void>((resolve) => (release = resolve));
    expect(await at.cache.get('k')).toBe('stored');
    const asked = at.cache.getOrSet('j', () => 'made');
    expect(await isPending(asked)).toBe(true);
    release();

    expect(await asked).toBe('made');
  });
});

describe('when the application closes', () => {
  it('the signals of factories abort, and what they bring is given', async () => {
    const kitchens = [new Kitchen(), new Kitchen()];
    const asked = kitchens.map(({ factory }, n) => at.cache.getOrSet(`${n}`, factory));
    await Promise.all(kitchens.map(({ busy }) => busy));
    expect(kitchens.map(({ signal }) => signal?.aborted)).toEqual([false, false]);
    at.registry.close();

    expect(kitchens.map(({ signal }) => signal?.aborted)).toEqual([true, true]);
    for (const kitchen of kitchens) kitchen.serve('late');
    expect(await Promise.all(asked)).toEqual(['late', 'late']);
  });

  it('a factory that ends with its signal fails its callers, and nobody hangs', async () => {
    const asked = at.cache.getOrSet('k', ({ signal }) => {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    });
    const outcome = expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    expect(await isPending(asked)).toBe(true);
    at.registry.close();

    await outcome;
  });

  it('who waits for another process goes on alone', async () => {
    const kitchen = new Kitchen();
    const there = at.another().cache.getOrSet('k', kitchen.factory);
    await kitchen.busy;
    const here = at.cache.getOrSet('k', () => 'own');
    expect(await isPending(here)).toBe(true);
    at.registry.close();

    expect(await here).toBe('own');
    kitchen.serve('theirs');
    expect(await there).toBe('theirs');
    expect(await at.cache.get('k')).toBe('theirs');
  });

  it('the cache still answers', async () => {
    await at.cache.set('k', 1);
    at.registry.close();
    at.registry.close();

    expect(await at.cache.get('k')).toBe(1);
    expect(await at.cache.getOrSet('j', () => 2)).toBe(2);
  });
});
