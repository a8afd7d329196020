import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheOptions } from '../../../lib/cache/cache.options.js';
import { DepotConfigError } from '../../../lib/common/errors.js';
import { scene, SECOND, type Scene } from './cache.scene.js';

let at: Scene;
beforeEach(() => void (at = scene({ ttl: '10s', nullTtl: '1s', grace: '1m' })));

describe('a cache that is registered', () => {
  it('is given by its name, and has keys, tags and statistics of its own', async () => {
    const rates = at.registry.register('rates', {});
    await rates.set('k', 1, { tags: ['t'] });
    await at.cache.set('k', 2, { tags: ['t'] });

    expect(at.registry.get('rates')).toBe(rates);
    expect(rates.name).toBe('rates');
    await rates.invalidateTags('t');
    expect(await at.cache.get('k')).toBe(2);
    await at.cache.clear();
    await rates.set('k', 3);
    expect(await at.cache.has('k')).toBe(false);
    expect(await rates.get('k')).toBe(3);
    expect(rates.stats().hits).toBe(1);
  });

  it('is the same in all processes', async () => {
    await at.registry.register('rates', {}).set('k', 1);

    expect(await at.another().registry.register('rates', {}).get('k')).toBe(1);
  });

  it('has what it does not say from the default cache', async () => {
    const rates = at.registry.register('rates', { ttl: '1h' });
    await rates.set('a', 1);
    await rates.set('b', null);

    expect([await rates.ttl('a'), await rates.ttl('b')]).toEqual([3_600 * SECOND, SECOND]);
    at.clock.jump(2 * SECOND);
    expect(await rates.getOrSet<string | null>('b', () => 'new')).toBeNull();
  });

  it('may be registered twice with the same options, not with others', () => {
    const group = (key: string): string => key;
    const rates = at.registry.register('rates', { ttl: '1m', group, fallback: ['memory'] });

    expect(at.registry.register('rates', { ttl: 60_000, group, fallback: ['memory'] })).toBe(rates);
    const others: CacheOptions[] = [
      {},
      { ttl: '2m', group, fallback: ['memory'] },
      { ttl: Number.POSITIVE_INFINITY, group, fallback: ['memory'] },
      { ttl: '1m', group: (key) => key, fallback: ['memory'] },
      { ttl: '1m', group },
      { ttl: '1m', group, fallback: ['memory'], memory: { max: 1 } },
      { ttl: '1m', group, fallback: ['memory'], memory: false },
    ];
    for (const options of others) {
      expect(() => at.registry.register('rates', options)).toThrow(
        "cache 'rates' is registered twice with different options",
      );
      expect(() => at.registry.register('rates', options)).toThrow(DepotConfigError);
    }
    expect(at.registry.get('rates')).toBe(rates);
  });

  it('is refused by the name of its option when one is bad, and is not there then', () => {
    expect(() => at.registry.register('rates', { ttl: '5 m' })).toThrow(
      'cache \'rates\'.ttl is "5 m"; expected',
    );
    expect(() => at.registry.get('rates')).toThrow(DepotConfigError);
  });

  it('can not be the default one, which has its options elsewhere', () => {
    expect(() => at.registry.register('default', {})).toThrow(
      "cache 'default' has its options in DepotModule.forRoot, as cache",
    );
  });
});

describe('the registry', () => {
  it('gives the default cache to who names none, or names it', () => {
    expect(at.registry.get()).toBe(at.cache);
    expect(at.registry.get('default')).toBe(at.cache);
    expect(at.cache.name).toBe('default');
  });

  it('says of an unknown name what there is', () => {
    at.registry.register('rates', {});

    expect(at.registry.names).toEqual(['default', 'rates']);
    expect(() => at.registry.get('rats')).toThrow(
      'cache "rats" is not registered; there are: default, rates. DepotModule.registerCache makes one',
    );
    expect(() => at.registry.get('rats')).toThrow(DepotConfigError);
    expect(() => at.registry.get('__proto__')).toThrow(DepotConfigError);
  });
});

describe("a cache of store 'memory'", () => {
  it('is of its process alone', async () => {
    const local = at.registry.register('local', { store: 'memory' });
    const there = at.another().registry.register('local', { store: 'memory' });
    await local.set('k', 1);

    expect(await there.has('k')).toBe(false);
    at.troubles.away = true;
    expect(await local.set('j', 2)).toBe(true);
    expect(await local.getMany(['k', 'j'])).toEqual([1, 2]);
  });

  it('holds as many as it may', async () => {
    const local = at.registry.register('local', { store: 'memory', memory: { max: 2 } });
    for (const key of ['a', 'b']) await local.set(key, key);
    await local.get('a');
    await local.set('c', 'c');

    expect(await local.getMany(['a', 'b', 'c'])).toEqual(['a', undefined, 'c']);
    expect(local.stats()).toMatchObject({ entries: 2 });
  });

  it("by the policy 'ttl' lets go what expires first", async () => {
    const local = at.registry.register('local', {
      store: 'memory',
      memory: { max: 2, policy: 'ttl' },
      grace: 0,
    });
    await local.set('a', 'a', { ttl: 30 });
    await local.set('b', 'b', { ttl: 10 });
    await local.set('c', 'c', { ttl: 20 });

    expect(await local.getMany(['a', 'b', 'c'])).toEqual(['a', undefined, 'c']);
  });

  it('keeps nothing for longer than its ttl of the memory', async () => {
    const local = at.registry.register('local', { store: 'memory', memory: { ttl: 10 }, ttl: '1h' });
    await local.set('k', 1);
    at.clock.jump(9);
    expect(await local.has('k')).toBe(true);
    at.clock.jump(1);

    expect(await local.has('k')).toBe(false);
  });

  it('of a method is made once for each name, and is no registered one', async () => {
    const one = at.registry.memory('Service.find', { max: 10 });
    await one.set('k', 1);

    expect(at.registry.memory('Service.find', { max: 10 })).toBe(one);
    expect(await at.registry.memory('Service.other', { max: 10 }).has('k')).toBe(false);
    expect(await at.registry.register('Service.find', { store: 'memory' }).has('k')).toBe(false);
    expect(() => at.registry.memory('bad', { max: 0 })).toThrow(
      "cache 'bad'.memory.max is 0; expected a whole number from 1 to 10000000",
    );
  });
});

describe('a fallback', () => {
  let rates: ReturnType<Scene['registry']['register']>;
  beforeEach(() => void (rates = at.registry.register('rates', { fallback: ['memory'] })));

  it('keeps what is made while the engine is away, and forgets it when it is back', async () => {
    at.troubles.away = true;
    expect(await rates.getOrSet('k', () => 'made')).toBe('made');
    expect(await rates.getOrSet('k', () => 'again')).toBe('made');
    expect(await rates.set('j', 1)).toBe(false);
    expect(await rates.get('j')).toBe(1);
    at.troubles.away = false;

    expect(await rates.getOrSet('x', () => 'x')).toBe('x');
    expect(await rates.getMany(['k', 'j'])).toEqual([undefined, undefined]);
  });

  it('counts and expires meanwhile', async () => {
    at.troubles.away = true;

    expect(await rates.increment('n')).toBe(1);
    expect(await rates.increment('n')).toBe(2);
    expect(await rates.expire('n', 0)).toBe(true);
    expect(await rates.has('n')).toBe(false);
  });

  it('serves what is in it no longer once it was deleted there', async () => {
    at.troubles.away = true;
    await rates.namespace('n').set('k', 1, { tags: ['t'] });
    await rates.invalidateTags('t');

    expect(await rates.namespace('n').get('k')).toBeUndefined();
  });
});
