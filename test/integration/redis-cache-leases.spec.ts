import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheLease, CacheStore, Claim, ClaimRequest } from '../../lib/cache/cache.store.js';
import { eventually } from '../support/eventually.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { MEMORY, RedisCacheScene, request, valueAt, written } from './redis-cache.scene.js';

let server: RedisServer;
beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.stop());

describe('the right to make a value, on Redis', () => {
  let scene: RedisCacheScene;
  let store: CacheStore;
  let other: CacheStore;
  /** In front of the process that `store` is in. */
  let proxy: TcpProxy;
  beforeEach(async () => {
    scene = new RedisCacheScene(server.url);
    proxy = await startProxy({ port: server.port });
    store = await scene.cache(MEMORY, proxy.urlOf(server.url));
    other = await scene.cache(undefined);
  });
  afterEach(async () => {
    await scene.close();
    await proxy.close();
  });

  async function claim(from: CacheStore, key: string, over: Partial<ClaimRequest> = {}): Promise<Claim> {
    const [answer] = await from.claim([request(key, over)]);
    if (!answer) throw new Error('no answer');
    return answer;
  }

  async function leaseOf(from: CacheStore, key: string, over = {}): Promise<CacheLease> {
    const answer = await claim(from, key, over);
    if (answer.kind !== 'granted') throw new Error(`the answer is ${answer.kind}`);
    return answer.lease;
  }

  async function waitFor(from: CacheStore, key: string): Promise<Claim> {
    let waitedFor: string | undefined;
    for (;;) {
      const answer = await claim(from, key, { waitedFor });
      if (answer.kind !== 'taken') return answer;
      await answer.changed();
      waitedFor = answer.holder;
    }
  }

  it('goes to another process when the one that has it is cut off or dead', async () => {
    await leaseOf(store, 'k');
    proxy.blackhole();
    // Comes by itself, when it is not renewed.
    const next = await waitFor(other, 'k');

    expect(next.kind).toBe('granted');
  });

  it('is not worth anything to who was taken for dead', async () => {
    const lease = await leaseOf(store, 'k');
    await scene.cli.del(scene.lease('k'));
    const next = await leaseOf(other, 'k');

    expect(await lease.fill(written('k', 'late'))).toBe(false);
    expect(await next.fill(written('k', 'in time'))).toBe(true);
    expect(await valueAt(store, 'k')).toBe('in time');
  });

  it('is given back by a process that closes', async () => {
    const engine = await scene.engine();
    await leaseOf(engine.cache.open('c', undefined), 'k');
    const waiting = waitFor(other, 'k');
    await eventually(async () => expect(await scene.cli.hget(scene.lease('k'), 'w')).toBe('1'));
    let next: Claim | undefined;
    void waiting.then((claim) => (next = claim));
    await engine.close();

    // Long before it would have ended by itself.
    await eventually(() => expect(next?.kind).toBe('granted'), { within: 1_000 });
  });

  it.each([
    ['set', () => scene.cli.set(scene.entry('k'), '"theirs"'), 'theirs'],
    ['replaced', () => scene.cli.set(scene.entry('stale'), '"theirs"'), 'theirs'],
    ['deleted', () => scene.cli.del(scene.entry('stale')), undefined],
  ])('stores nothing where somebody who knows nothing of it has %s the value', async (how, change, then) => {
    await store.write([written('stale', 'old', { freshMs: 60_000, graceMs: 0 })]);
    const key = how === 'set' ? 'k' : 'stale';
    const lease = await leaseOf(store, key, { seen: (await store.read(key))?.version });
    await change();

    expect(await lease.fill(written(key, 'made'))).toBe(false);
    expect(await valueAt(other, key)).toBe(then);
  });

  it('stores the value where the old one has only expired meanwhile', async () => {
    await store.write([written('k', 'old', { freshMs: 300, graceMs: 0 })]);
    const seen = (await store.read('k'))?.version;
    const lease = await leaseOf(store, 'k', { seen });
    await eventually(async () => expect(await scene.cli.exists(scene.entry('k'))).toBe(0));

    expect(await lease.fill(written('k', 'new'))).toBe(true);
    expect(await valueAt(other, 'k')).toBe('new');
  });

  it('makes an error known to those who wait in other processes, and to nobody later', async () => {
    const third = await scene.cache(undefined);
    const lease = await leaseOf(store, 'k');
    const waiting = [waitFor(other, 'k'), waitFor(third, 'k'), waitFor(other, 'k')];
    await eventually(async () => expect(await scene.cli.hget(scene.lease('k'), 'w')).toBe('1'));
    await eventually(async () => expect((await claim(third, 'k')).kind).toBe('taken'));
    await lease.fail('"broken"', 0);
    // Whoever comes now tries himself, and those who have waited are told all the same.
    const next = await leaseOf(store, 'k');

    expect(await Promise.all(waiting)).toEqual(Array(3).fill({ kind: 'failed', error: '"broken"' }));
    expect((await claim(third, 'k')).kind).toBe('taken');
    await next.fill(written('k', 1));
  });

  it('wakes those who wait as soon as the value is there, without asking for it meanwhile', async () => {
    const lease = await leaseOf(store, 'k');
    const taken = await claim(other, 'k');
    if (taken.kind !== 'taken') throw new Error('not taken');
    let woken = false;
    void taken.changed().then(() => (woken = true));
    await lease.fill(written('k', 1));

    // Long before the lease would have ended.
    await eventually(() => expect(woken).toBe(true), { within: 1_000 });
    expect(await valueAt(other, 'k')).toBe(1);
  });

  it('lets those who wait look for themselves where nobody tells of changes', async () => {
    await scene.cli.acl('SETUSER', 'modest', 'on', '>secret', '~*', '&*', '+@all', '-client|tracking');
    const url = new URL(server.url);
    url.username = 'modest';
    url.password = 'secret';
    const modest = await scene.cache(MEMORY, url.href);
    const lease = await leaseOf(store, 'k');
    const waiting = waitFor(modest, 'k');
    await eventually(async () => expect(await scene.cli.hget(scene.lease('k'), 'w')).toBe('1'));
    await lease.fill(written('k', 1));

    expect(await waiting).toMatchObject({ kind: 'found' });
  });

  it('is asked for anew when the cache was invalidated: what is made of before would not land', async () => {
    const old = await leaseOf(store, 'k');
    await other.invalidate();
    await eventually(async () => {
      const lease = await leaseOf(other, 'k');
      expect(await lease.fill(written('k', 'new'))).toBe(true);
    });

    expect(await old.fill(written('k', 'old'))).toBe(false);
    expect(await valueAt(other, 'k')).toBe('new');
  });

  it('stops waiting when its signal aborts', async () => {
    await leaseOf(store, 'k');
    const taken = await claim(other, 'k');
    if (taken.kind !== 'taken') throw new Error('not taken');
    const abort = new AbortController();
    const over = taken.changed(abort.signal);
    abort.abort();

    await over;
    expect((await claim(other, 'k')).kind).toBe('taken');
  });
});
