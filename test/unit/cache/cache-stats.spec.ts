import { beforeEach, describe, expect, it } from '@jest/globals';
import { counter, scene, SECOND, type Scene } from './cache.scene.js';

let at: Scene;
beforeEach(() => void (at = scene()));

const fail = (): never => {
  throw new Error('no luck');
};

describe('the statistics', () => {
  it('begin with nothing', () => {
    const none = { count: 0, p50: 0, p95: 0, p99: 0, max: 0 };

    expect(at.cache.stats()).toEqual({
      hits: 0,
      memoryHits: 0,
      staleHits: 0,
      misses: 0,
      ratio: 0,
      factoryCalls: 0,
      factoryErrors: 0,
      latency: { memory: none, store: none, factory: none },
      groups: {},
      entries: 0,
      bytes: 0,
    });
  });

  it('tell hits in memory, hits in the store, and misses', async () => {
    await at.cache.set('k', 1);
    await at.cache.get('k');
    at.cache.peek('k');
    await at.cache.getMany(['k', 'x']);
    at.troubles.blind = true;
    await at.cache.get('k');
    await at.cache.getMany(['k', 'y']);
    await at.cache.getOrSet('k', fail);
    await at.cache.get('z');

    expect(at.cache.stats()).toMatchObject({ hits: 6, memoryHits: 3, misses: 3, ratio: 6 / 9, staleHits: 0 });
  });

  it('do not count peeks that find nothing, nor what only looks', async () => {
    at.cache.peek('k');
    await at.cache.has('k');
    await at.cache.ttl('k');

    expect(at.cache.stats()).toMatchObject({ hits: 0, misses: 0 });
  });

  it('count stale hits, factory calls and errors', async () => {
    await at.cache.set('k', 'old', { ttl: 10, grace: '1h' });
    await at.clock.advance(10);
    await at.cache.getOrSet('k', fail, { grace: '1h' });
    await at.cache.getOrSet('k', fail, { grace: '1h' });
    await at.clock.advance(SECOND);
    await at.cache.getOrSet('k', () => 'new');
    await expect(at.cache.getOrSet('j', fail)).rejects.toThrow();

    expect(at.cache.stats()).toMatchObject({
      hits: 2,
      staleHits: 2,
      misses: 2,
      factoryCalls: 3,
      factoryErrors: 2,
    });
  });

  it('count each key of many, and their factory once', async () => {
    await at.cache.set('a', 1);
    await at.cache.getOrSetMany(['a', 'b', 'c', 'b'], (keys) => keys);

    expect(at.cache.stats()).toMatchObject({ hits: 1, misses: 2, factoryCalls: 1 });
  });

  it('count everybody who waits for a factory as a miss', async () => {
    const factory = counter();
    await Promise.all([1, 2, 3].map(() => at.cache.getOrSet('k', factory)));

    expect(at.cache.stats()).toMatchObject({ hits: 0, misses: 3, factoryCalls: 1 });
  });

  it('are of a cache with its namespaces, and of no other', async () => {
    await at.cache.namespace('n').get('k');
    await at.registry.register('other', {}).get('k');

    expect(at.cache.stats().misses).toBe(1);
    expect(at.cache.namespace('n').stats().misses).toBe(1);
  });

  it('measure', async () => {
    await at.cache.set('k', 1);
    for (let n = 0; n < 640; n++) await at.cache.get('k');
    at.troubles.blind = true;
    for (let n = 0; n < 5; n++) await at.cache.get('k');
    await at.cache.getOrSet('j', () => 1);
    const { memory, store, factory } = at.cache.stats().latency;

    expect(memory.count).toBe(10);
    expect(store.count).toBe(6);
    expect(factory.count).toBe(1);
    for (const { p50, p95, p99, max } of [memory, store, factory]) {
      expect(p50).toBeGreaterThan(0);
      expect(p50).toBeLessThanOrEqual(p95);
      expect(p95).toBeLessThanOrEqual(p99);
      expect(p99).toBeLessThanOrEqual(max * 1.02);
      expect(max).toBeLessThan(5_000);
    }
  });

  it('say what is in memory', async () => {
    await at.cache.set('a', 'x'.repeat(1_000));
    await at.cache.set('b', 1);

    expect(at.cache.stats()).toMatchObject({ entries: 2 });
    expect(at.cache.stats().bytes).toBeGreaterThan(1_000);
    expect(at.cache.stats().bytes).toBeLessThan(1_100);
    await at.cache.clear();
    expect(at.cache.stats()).toMatchObject({ entries: 0, bytes: 0 });
  });
});

describe('a group', () => {
  it('is what comes before the first colon', async () => {
    await at.cache.set('user:1', 1);
    for (const key of ['user:1', 'user:2', 'order:1:line', 'alone', ':odd', '__proto__:x'])
      await at.cache.get(key);
    const { groups } = at.cache.stats();

    expect(Object.keys(groups).sort()).toEqual(['', '__proto__', 'order', 'user']);
    expect(groups['user']).toMatchObject({ hits: 1, misses: 1, ratio: 0.5 });
    expect(groups['']).toMatchObject({ misses: 2 });
  });

  it('is what the option says', async () => {
    at = scene({ group: (key) => key.at(-1) ?? '' });
    await at.cache.get('k1');
    await at.cache.get('j1');

    expect(at.cache.stats().groups).toMatchObject({ 1: { misses: 2 } });
  });

  it('is one of 64 at most, beside the one for the rest', async () => {
    for (let n = 0; n < 1_000; n++) await at.cache.get(`g${n}:k`);
    const { groups, misses } = at.cache.stats();

    expect(Object.keys(groups)).toHaveLength(65);
    expect(groups['g63']).toMatchObject({ misses: 1 });
    expect(groups['*']).toMatchObject({ misses: 936 });
    expect(misses).toBe(1_000);
  });

  it('whose function throws fails the call, and nothing hangs', async () => {
    at = scene({
      group: () => {
        throw new Error('no group');
      },
    });
    await at.cache.set('k', 1);

    await expect(at.cache.get('k')).rejects.toThrow('no group');
    await expect(at.cache.getOrSet('j', () => 1)).rejects.toThrow('no group');
    await expect(at.cache.getMany(['k'])).rejects.toThrow('no group');
  });
});
