import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheStore } from '../../lib/cache/cache.store.js';
import { eventually } from '../support/eventually.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { known, MEMORY, RedisCacheScene, valueAt, written } from './redis-cache.scene.js';

let server: RedisServer;
beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.stop());

describe('what a process has in memory', () => {
  let scene: RedisCacheScene;
  let store: CacheStore;
  let other: CacheStore;
  beforeEach(async () => {
    scene = new RedisCacheScene(server.url);
    store = await scene.cache();
    other = await scene.cache();
    await store.write([written('k', 1)]);
    await known(store, 'k', 1);
    await known(other, 'k', 1);
  });
  afterEach(() => scene.close());

  it.each([
    ['set', () => scene.cli.set(scene.entry('k'), '"theirs"'), 'theirs'],
    ['deleted', () => scene.cli.del(scene.entry('k')), undefined],
    ['expired', () => scene.cli.pexpire(scene.entry('k'), 1), undefined],
    [
      'made something else',
      () => scene.cli.del(scene.entry('k')).then(() => scene.cli.lpush(scene.entry('k'), 1)),
      undefined,
    ],
    ['lost with all else', () => scene.cli.flushall(), undefined],
    ['invalidated with its cache', () => scene.cli.del(`${scene.namespace}:cache:c#`), undefined],
  ])('is gone when it was %s by somebody who knows nothing of caches', async (_how, change, then) => {
    await change();

    await eventually(() =>
      expect([store.peek('k')?.value.copy(), other.peek('k')?.value.copy()]).not.toContain(1),
    );
    await eventually(async () => {
      expect(await valueAt(store, 'k')).toBe(then);
      expect(await valueAt(other, 'k')).toBe(then);
    });
  });

  it('is gone when the epoch of one of its tags is', async () => {
    await store.write([written('tagged', 1, { tags: ['a', 'b'] })]);
    await known(store, 'tagged', 1);
    await scene.cli.del(`${scene.namespace}:cache:c#tag:b`);

    await eventually(() => expect(store.peek('tagged')).toBeUndefined());
    expect(await store.read('tagged')).toBeUndefined();
    expect(await other.read('tagged')).toBeUndefined();
  });

  it("may be somebody else's text, for as long as Redis keeps that", async () => {
    await scene.cli.set(scene.entry('theirs'), '{"a":1}', 'PX', 60_000);
    const now = Date.now();

    const entry = await store.read('theirs');
    expect(entry?.value.copy()).toEqual({ a: 1 });
    expect(entry?.freshUntil).toBeGreaterThan(now + 50_000);
    expect(entry?.keptUntil).toBeLessThan(Date.now() + 61_000);
    await eventually(async () => {
      await store.read('theirs');
      expect(store.peek('theirs')?.value.copy()).toEqual({ a: 1 });
    });
    await scene.cli.set(scene.entry('theirs'), 'no JSON at all, @1,2');
    await eventually(async () => expect((await store.read('theirs'))?.freshUntil).toBe(Infinity));
  });

  it.each([
    '@',
    '@\n',
    '@1,2,3',
    '@x,1,1,v,s\n1',
    '@1,1,1,v,s,[1]\n1',
    '@1,1,1,v,s,{\n1',
    '',
    '\n',
    '@1,,,v',
  ])('takes %j for a text of somebody else', async (text) => {
    await scene.cli.set(scene.entry('odd'), text);

    expect((await store.read('odd'))?.freshUntil).toBe(Infinity);
    expect(await store.delete(['odd'])).toBe(1);
  });

  it('is never the old value for who has written a new one', async () => {
    for (let round = 0; round < 200; round++) {
      const reads = [store.read('k'), other.read('k')];
      const write = store.write([written('k', round)]);
      const after = store.read('k');
      expect(store.peek('k')).toBeUndefined();
      await Promise.all([write, ...reads]);
      expect((await after)?.value.copy()).toBe(round);
      expect(await valueAt(store, 'k')).toBe(round);
    }
  });

  it('is gone at once for who has invalidated it, whatever was asked for in the same breath', async () => {
    const ways = [
      () => store.invalidate(),
      () => store.invalidateTags(['t']),
      () => store.deleteMatching('k'),
    ];
    for (let round = 0; round < 60; round++) {
      await store.write([written('k', round, { tags: ['t'] })]);
      await known(store, 'k', round);
      const asked = [store.read('a'), store.read('b')];
      const gone = ways[round % ways.length]?.();
      asked.push(store.read('c'));
      await gone;

      expect(store.peek('k')).toBeUndefined();
      expect(await store.read('k')).toBeUndefined();
      await Promise.all(asked);
    }
  });

  it('is up to date wherever values are written, when nobody writes any more', async () => {
    for (let round = 0; round < 50; round++) {
      await Promise.all([
        store.write([written('k', `a${round}`)]),
        other.read('k'),
        other.write([written('k', `b${round}`)]),
        store.read('k'),
        scene.cli.set(scene.entry('k'), `"c${round}"`),
        other.read('k'),
      ]);
    }
    const last = (await scene.cli.get(scene.entry('k'))) ?? '';
    const stored: unknown = JSON.parse(last.slice(last.indexOf('\n') + 1));

    await eventually(() => {
      for (const each of [store, other]) {
        const value = each.peek('k')?.value.copy();
        if (value !== undefined) expect(value).toBe(stored);
      }
    });
    await known(store, 'k', stored);
    await known(other, 'k', stored);
  });

  it('leaves Redis by and by when it was invalidated, and nothing else does', async () => {
    const inside = store.namespace('n');
    await inside.write(Array.from({ length: 700 }, (_, at) => written(`key ${at}`, at)));
    await store.invalidate();
    await store.write([written('new', 1)]);
    await inside.write([written('new', 2)]);

    await eventually(async () =>
      expect(await scene.cli.keys(`${scene.namespace}:cache:*{*`)).toHaveLength(2),
    );
    expect(await valueAt(store, 'new')).toBe(1);
    expect(await valueAt(inside, 'new')).toBe(2);
  });
});

describe('a feed that fails', () => {
  let scene: RedisCacheScene;
  let proxy: TcpProxy;
  let far: CacheStore;
  let store: CacheStore;
  beforeEach(async () => {
    proxy = await startProxy({ port: server.port });
    scene = new RedisCacheScene(server.url);
    store = await scene.cache(MEMORY, proxy.urlOf(server.url));
    far = await scene.cache(undefined);
    await far.write([written('k', 1)]);
    await known(store, 'k', 1);
  });
  afterEach(async () => {
    await scene.close();
    await proxy.close();
  });

  /** Ends the connections on which processes hear of changes, and no others. */
  const killFeeds = (): Promise<unknown> => scene.cli.call('CLIENT', 'KILL', 'TYPE', 'pubsub');

  it('leaves nothing in memory of what changes before it is back', async () => {
    for (let round = 2; round < 12; round++) {
      await Promise.all([killFeeds(), far.write([written('k', round)])]);
      await eventually(async () => expect(await valueAt(store, 'k')).toBe(round));
      await known(store, 'k', round);
    }
  });

  it('leaves nothing in memory that nobody has asked for until it is back', async () => {
    const heard: (string | undefined)[] = [];
    store.onChange((id) => heard.push(id));
    await far.write([written('j', 1)]);
    await eventually(() => expect(heard).toContain('j'));
    await known(store, 'j', 1);
    await known(store, 'k', 1);
    await killFeeds();
    await far.write([written('j', 2)]);
    // One when it was lost, one when it is back.
    await eventually(() => expect(heard.filter((id) => id === undefined)).toHaveLength(2));

    await known(store, 'k', 1);
    expect(store.peek('j')?.value.copy()).not.toBe(1);
  });

  it('lets nothing into memory that was asked for before', async () => {
    proxy.delay(20);
    const asked = store.read('cold');
    await killFeeds();
    await far.write([written('cold', 'new')]);
    await asked;
    proxy.restore();

    await eventually(async () => expect(await valueAt(store, 'cold')).toBe('new'));
    await known(store, 'cold', 'new');
  });

  it('keeps nothing in memory where Redis does not say what changes, and says so once', async () => {
    await scene.cli.acl('SETUSER', 'modest', 'on', '>secret', '~*', '&*', '+@all', '-client|tracking');
    const url = new URL(server.url);
    url.username = 'modest';
    url.password = 'secret';
    const modest = await scene.cache(MEMORY, url.href);
    const another = await scene.cache(undefined, url.href);

    expect(await valueAt(modest, 'k')).toBe(1);
    expect(await valueAt(modest, 'k')).toBe(1);
    await eventually(() =>
      expect(scene.logger.warnings.filter((line) => line.includes('CLIENT TRACKING'))).toHaveLength(1),
    );
    expect(modest.size().entries).toBe(0);
    await another.write([written('k', 2)]);
    expect(await valueAt(modest, 'k')).toBe(2);
    await another.invalidate();
    expect(await modest.read('k')).toBeUndefined();
  });
});
