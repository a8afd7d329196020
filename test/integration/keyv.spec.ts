import { beforeEach, describe, expect, test } from '@jest/globals';
import { createCache } from 'cache-manager';
import { Keyv, type KeyvOptions } from 'keyv';
import { CacheService } from 'nestjs-depot';
import { DepotKeyvStore } from 'nestjs-depot/keyv';
import { appModule, ENGINES, optionsFor, startApp } from '../support/app.js';

/** Keyv as it comes, which serialises itself, and as docs/keyv.md would have it. */
const MANNERS: [string, Omit<KeyvOptions, 'store'>][] = [
  ['serialising', {}],
  ['leaving that to the cache', { serialize: undefined, deserialize: undefined } as object],
];

describe.each(ENGINES)('Keyv on the %s engine', (engine) => {
  let cache: CacheService;

  beforeEach(async () => {
    cache = (await startApp(appModule(optionsFor(engine), []))).get(CacheService);
  });

  describe.each(MANNERS)('%s', (_, manner) => {
    const open = (namespace = 'keyv'): Keyv =>
      new Keyv(new DepotKeyvStore(cache), { ...manner, namespace, throwOnErrors: true });

    test('sets, gets and deletes', async () => {
      const keyv = open();
      expect(await keyv.set('foo', 'bar')).toBe(true);
      expect(await keyv.get('foo')).toBe('bar');
      expect(await keyv.has('foo')).toBe(true);

      expect(await keyv.delete('foo')).toBe(true);
      expect(await keyv.delete('foo')).toBe(false);
      expect(await keyv.get('foo')).toBeUndefined();
      expect(await keyv.has('foo')).toBe(false);
    });

    test.each([[false], [null], [0], [''], ['"'], ["''"], [{ fizz: { buzz: [1, null] } }], [[]]])(
      'gives %j back',
      async (value) => {
        const keyv = open();
        await keyv.set('foo', value);

        expect(await keyv.get('foo')).toEqual(value);
        expect(await keyv.has('foo')).toBe(true);
      },
    );

    test('gives bytes back, nested ones too', async () => {
      const keyv = open();
      await keyv.set('foo', Buffer.from('bar'));
      await keyv.set('nested', { bytes: Buffer.from([0, 255]) });

      expect(await keyv.get('foo')).toEqual(Buffer.from('bar'));
      expect(await keyv.get('nested')).toEqual({ bytes: Buffer.from([0, 255]) });
    });

    test('undefined is nothing, and a symbol is refused', async () => {
      const keyv = open();
      await keyv.set('foo', undefined);

      expect(await keyv.get('foo')).toBeUndefined();
      await expect(keyv.set('foo', Symbol('bar'))).rejects.toThrow('symbol cannot be serialized');
    });

    test('takes any key', async () => {
      const keyv = open();
      const keys = ["'", '"', 'a b', ':', '{x}', '%7B', '*', 'é', '\n'];
      for (const key of keys) await keyv.set(key, key);

      expect(await keyv.get(keys)).toEqual(keys);
    });

    test('many at once', async () => {
      const keyv = open();
      expect(
        await keyv.setMany([
          { key: 'a', value: 1 },
          { key: 'b', value: 2, ttl: 60_000 },
          { key: 'c', value: 3 },
        ]),
      ).toEqual([true, true, true]);

      expect(await keyv.get(['a', 'x', 'b'])).toEqual([1, undefined, 2]);
      expect(await keyv.getMany(['x', 'y'])).toEqual([undefined, undefined]);
      expect(await keyv.has(['a', 'x'])).toEqual([true, false]);
      expect(await keyv.delete(['a', 'b', 'x'])).toBe(true);
      expect(await keyv.deleteMany(['a', 'b'])).toBe(false);
      expect(await keyv.get(['a', 'b', 'c'])).toEqual([undefined, undefined, 3]);
    });

    test('a ttl is known to the cache, and to Keyv', async () => {
      const keyv = open();
      await keyv.set('foo', 'bar', 60_000);
      await keyv.set('ever', 'bar');

      const space = cache.namespace('keyv');
      expect(await space.ttl('keyv:foo')).toBeGreaterThan(55_000);
      expect(await space.ttl('keyv:foo')).toBeLessThanOrEqual(60_000);
      expect(await space.ttl('keyv:ever')).toBe(Infinity);
      expect((await keyv.getRaw('foo'))?.expires).toBeGreaterThan(Date.now());
      await keyv.set('foo', 'bar', -1);
      expect(await keyv.get('foo')).toBeUndefined();
    });

    test('namespaces are apart', async () => {
      const [one, two] = [open('one'), open('two')];
      await one.set('foo', 1);
      await two.set('foo', 2);
      await cache.set('foo', 3);
      expect([await one.get('foo'), await two.get('foo')]).toEqual([1, 2]);

      expect(await one.delete('foo')).toBe(true);
      expect(await two.get('foo')).toBe(2);
      await one.set('foo', 1);
      expect(await one.clear()).toBeUndefined();
      expect([await one.get('foo'), await two.get('foo'), await cache.get('foo')]).toEqual([undefined, 2, 3]);
    });

    test('disconnecting leaves the cache to the application', async () => {
      const keyv = open();
      await keyv.set('foo', 'bar');
      await keyv.disconnect();

      expect(await keyv.get('foo')).toBe('bar');
    });

    test('cache-manager works on top', async () => {
      const manager = createCache({ stores: [open()], ttl: 60_000 });
      let calls = 0;
      const load = (): number => ++calls;
      expect(await manager.wrap('foo', load)).toBe(1);
      expect(await manager.wrap('foo', load)).toBe(1);
      expect(await manager.ttl('foo')).toBeGreaterThan(Date.now() + 50_000);

      await manager.mset<unknown>([
        { key: 'a', value: { n: 1 } },
        { key: 'b', value: 2 },
      ]);
      expect(await manager.mget(['a', 'x', 'b'])).toEqual([{ n: 1 }, undefined, 2]);
      await manager.del('a');
      expect(await manager.get('a')).toBeUndefined();
      await manager.clear();
      expect(await manager.mget(['foo', 'b'])).toEqual([undefined, undefined]);
    });
  });

  test('without serialiser every type comes back', async () => {
    const keyv = new Keyv(new DepotKeyvStore(cache), MANNERS[1]?.[1]);
    const value = {
      at: new Date(7),
      ids: new Set([1]),
      big: 9_223_372_036_854_775_807n,
      map: new Map([[1, 'a']]),
    };
    await keyv.set('foo', value, 60_000);

    expect(await keyv.get('foo')).toEqual(value);
  });

  test('two that share a store share its namespace: each needs a store of its own', async () => {
    const store = new DepotKeyvStore(cache);
    const one = new Keyv(store, { namespace: 'one' });
    const two = new Keyv(store, { namespace: 'two' });
    await one.set('foo', 1);
    await two.set('foo', 2);

    expect([await one.get('foo'), await two.get('foo')]).toEqual([1, 2]);
    expect(await cache.namespace('two').get('one:foo')).toBeDefined();
  });
});
