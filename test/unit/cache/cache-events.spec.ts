import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheEventName } from '../../../lib/cache/cache.events.js';
import { DepotConfigError } from '../../../lib/common/errors.js';
import { Kitchen, scene, type Scene } from './cache.scene.js';

const NAMES = ['hit', 'miss', 'made', 'factoryError', 'set', 'delete', 'invalidate', 'away', 'back'] as const;

let at: Scene;
let told: (readonly [CacheEventName, unknown])[];
beforeEach(() => {
  at = scene();
  told = [];
  for (const name of NAMES) at.cache.on(name, (event) => told.push([name, event]));
});

const failing = (): never => {
  throw new Error('no luck');
};

describe('an event', () => {
  it('is told of every hit, with where it was', async () => {
    await at.cache.set('k', 1, { ttl: 10, grace: '1h' });
    told.length = 0;
    await at.cache.get('k');
    at.cache.peek('k');
    at.troubles.blind = true;
    await at.cache.getOrSet('k', failing);
    await at.cache.getMany(['k']);
    at.clock.jump(10);
    await at.cache.getOrSet('k', () => new Kitchen().factory(), { grace: '1h' });

    expect(told).toEqual([
      ['hit', { key: 'k', tier: 'memory', stale: false }],
      ['hit', { key: 'k', tier: 'memory', stale: false }],
      ['hit', { key: 'k', tier: 'store', stale: false }],
      ['hit', { key: 'k', tier: 'store', stale: false }],
      ['hit', { key: 'k', tier: 'store', stale: true }],
    ]);
  });

  it('is told of every miss and what is made of it', async () => {
    await at.cache.get('k');
    await at.cache.getOrSet('k', () => 1);
    await at.cache.getOrSet('j', () => 1, { ttl: 0 });

    expect(told).toEqual([
      ['miss', { key: 'k' }],
      ['miss', { key: 'k' }],
      ['made', { key: 'k', tookMs: expect.any(Number), stored: true }],
      ['miss', { key: 'j' }],
      ['made', { key: 'j', tookMs: expect.any(Number), stored: false }],
    ]);
  });

  it('is told of each of many', async () => {
    await at.cache.getOrSetMany(['a', 'b'], () => [1, undefined]);

    expect(told).toEqual([
      ['miss', { key: 'a' }],
      ['miss', { key: 'b' }],
      ['made', { key: 'a', tookMs: expect.any(Number), stored: true }],
      ['made', { key: 'b', tookMs: expect.any(Number), stored: false }],
    ]);
  });

  it('says that something was changed while it was made', async () => {
    const kitchen = new Kitchen();
    const asked = at.cache.getOrSet('k', kitchen.factory);
    await kitchen.busy;
    await at.cache.delete('k');
    kitchen.serve('old');
    await asked;

    expect(told.at(-1)).toEqual(['made', { key: 'k', tookMs: expect.any(Number), stored: false }]);
  });

  it('is told of every failure, with the error itself', async () => {
    const error = new Error('no luck');
    await expect(
      at.cache.getOrSet('k', () => {
        throw error;
      }),
    ).rejects.toBe(error);

    expect(told).toEqual([
      ['miss', { key: 'k' }],
      ['factoryError', { key: 'k', error }],
    ]);
    expect((told[1]?.[1] as { error: unknown }).error).toBe(error);
  });

  it('is told of every change, whether it changes anything or not', async () => {
    await at.cache.setMany(Object.entries({ a: 1, b: undefined }));
    await at.cache.delete('a');
    await at.cache.deleteMany(['x', 'y']);
    await at.cache.deletePattern('a*');
    await at.cache.invalidateTags('t', 'u');
    await at.cache.namespace('n').invalidate();
    await at.cache.clear();

    expect(told).toEqual([
      ['set', { key: 'a' }],
      ['set', { key: 'b' }],
      ['delete', { key: 'a' }],
      ['delete', { key: 'x' }],
      ['delete', { key: 'y' }],
      ['invalidate', { pattern: 'a*' }],
      ['invalidate', { tags: ['t', 'u'] }],
      ['invalidate', {}],
      ['invalidate', {}],
    ]);
  });

  it('is told of the engine when it goes and when it is back, once each', async () => {
    at.troubles.away = true;
    for (let n = 0; n < 3; n++) await at.cache.get('k');
    at.troubles.away = false;
    for (let n = 0; n < 3; n++) await at.cache.get('k');

    expect(told.filter(([name]) => name !== 'miss')).toEqual([
      ['away', { error: expect.objectContaining({ code: 'DEPOT_ENGINE_UNAVAILABLE' }) }],
      ['back', {}],
    ]);
  });

  it('is of namespaces, too, and of no other cache', async () => {
    await at.cache.namespace('n').get('k');
    await at.registry.register('other', {}).get('j');

    expect(told).toEqual([['miss', { key: 'k' }]]);
  });
});

describe('a listener', () => {
  it('that throws, or rejects, is logged and changes nothing', async () => {
    at.cache.on('miss', failing);
    const rejecting: () => unknown = async () => failing();
    at.cache.on('miss', rejecting);
    await at.cache.getOrSet('k', () => 'made');

    expect(await at.cache.get('k')).toBe('made');
    expect(told.map(([name]) => name)).toEqual(['miss', 'made', 'hit']);
    const message = "A listener to 'miss' of a cache has thrown: no luck";
    expect(at.logger.errors).toEqual([message, message]);
  });

  it('hears nothing any more once it has stopped, even from within', async () => {
    const heard: string[] = [];
    const stop = at.cache.on('miss', ({ key }) => {
      heard.push(key);
      stop();
    });
    at.cache.on('miss', ({ key }) => heard.push(`${key} too`));
    await at.cache.get('a');
    await at.cache.get('b');
    stop();

    expect(heard).toEqual(['a', 'a too', 'b too']);
  });

  it('is called once, however often it was registered', async () => {
    const heard: string[] = [];
    const listener = ({ key }: { key: string }): void => void heard.push(key);
    at.cache.on('miss', listener);
    at.cache.on('miss', listener);
    await at.cache.get('a');

    expect(heard).toEqual(['a']);
  });

  it.each([
    ['mis', () => undefined, 'the event is "mis"; expected one of hit, miss, made, factoryError, set'],
    ['__proto__', () => undefined, 'the event is "__proto__"; expected one of'],
    [undefined, () => undefined, 'the event is undefined; expected one of'],
    ['miss', undefined, "the listener of 'miss' is undefined; expected a function"],
  ])('on %p as %p is refused', (event, listener, message) => {
    const listen = (): unknown => at.cache.on(event as 'miss', listener as () => void);

    expect(listen).toThrow(message);
    expect(listen).toThrow(DepotConfigError);
  });
});
