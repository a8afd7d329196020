import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EngineReplyError } from '../../lib/common/errors.js';
import { EmbeddedLockStore } from '../../lib/engines/embedded/embedded-lock.store.js';
import { RedisLockStore } from '../../lib/engines/redis/redis-lock.store.js';
import type { LockStore } from '../../lib/lock/lock.store.js';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { random } from '../support/random.js';
import { startRedis } from '../support/redis-server.js';
import { RedisFixture, type RedisProcess } from './redis-fixture.js';

const TTL = 10_000;

/** What a cluster hashes of a key: what is between the first brace and the next closing one, or else all of it. */
function hashedPart(key: string): string {
  const open = key.indexOf('{');
  const close = key.indexOf('}', open + 1);
  return open >= 0 && close > open + 1 ? key.slice(open + 1, close) : key;
}

describe('locks on Redis', () => {
  let fixture: RedisFixture;

  beforeEach(async () => {
    fixture = new RedisFixture();
    await fixture.setClock(Date.UTC(2030, 0, 1));
  });

  afterEach(() => fixture.close());

  const open = async (name: string): Promise<{ store: LockStore; handed: string[] } & RedisProcess> => {
    const process = await fixture.process(name);
    const store = new RedisLockStore(process.link, process.inbox, fixture.keys);
    const handed: string[] = [];
    store.onGranted((key, owner) => handed.push(`${key}:${owner}`));
    return { ...process, store, handed };
  };

  test('tells the process of the waiter, and no other', async () => {
    const one = await open('one');
    const two = await open('two');
    await one.store.tryAcquire('k', 'ann', TTL);
    await two.store.acquire('k', 'bob', TTL);
    await one.store.release('k', 'ann');

    await eventually(() => expect(two.handed).toEqual(['k:bob']));
    expect(one.handed).toEqual([]);
  });

  test('passes over all waiters of a process that died, after a second', async () => {
    const living = await open('living');
    const dead = await open('dead');
    await living.store.tryAcquire('k', 'ann', TTL);
    for (let n = 0; n < 20; n++) await dead.store.acquire('k', `dead${n}`, TTL);
    await living.store.acquire('k', 'bob', TTL);
    dead.inbox.stop();
    await living.store.release('k', 'ann');
    await fixture.advance(1_000);
    await living.store.tryAcquire('k', 'eve', TTL);

    await eventually(() => expect(living.handed).toEqual(['k:bob']));
  });

  test('leaves in the queue who waits in a process that is only slow to release', async () => {
    const one = await open('one');
    const two = await open('two');
    await one.store.tryAcquire('k', 'ann', TTL);
    await one.store.acquire('k', 'bob', TTL);
    await two.store.acquire('k', 'cid', TTL);
    // The time of an owner who took the lock up is over: that says nothing about its process.
    await fixture.advance(TTL);
    await two.store.tryAcquire('k', 'eve', TTL);

    await eventually(() => expect(one.handed).toEqual(['k:bob']));
  });

  test('leaves nothing behind that does not expire', async () => {
    const { store } = await open('one');
    const dead = await open('dead');
    // It stands in queues, and nothing that is pushed to it is ever popped.
    dead.inbox.start = () => Promise.resolve();
    await store.tryAcquire('held', 'ann', TTL);
    await dead.store.acquire('held', 'bob', TTL);
    await store.tryAcquire('passed', 'ann', TTL);
    await dead.store.acquire('passed', 'bob', TTL);
    await dead.store.acquire('passed', 'cid', TTL);
    await store.release('passed', 'ann');
    await store.tryAcquire('free', 'ann', TTL);
    await store.release('free', 'ann');

    const keys = await fixture.storedKeys();
    const left = await Promise.all(keys.map((key) => fixture.redis.pttl(key)));
    expect(keys).toEqual(expect.arrayContaining([dead.inbox.key, fixture.keys.lock('free').state]));
    expect(keys.filter((_, n) => (left[n] ?? 0) <= 0)).toEqual([]);
    await fixture.advance(2 * 86_400_000);
    expect(await fixture.storedKeys()).toEqual([]);
  });

  test('remembers nothing of a waiter who has had his turn', async () => {
    const { store } = await open('one');
    await store.tryAcquire('k', 'ann', TTL);
    await store.acquire('k', 'bob', TTL);
    await store.acquire('k', 'cid', TTL);
    await store.release('k', 'ann');
    await store.release('k', 'cid');
    await store.release('k', 'bob');

    expect(await fixture.storedKeys()).toEqual([fixture.keys.lock('k').state]);
    expect(await fixture.redis.hkeys(fixture.keys.lock('k').state)).toEqual(['token']);
  });

  test('keeps all keys of a lock in one slot, whatever its name', async () => {
    for (const key of ['k', '{', '}', '{}', '}{', '{a}b', '%{']) {
      const { state, waiting, asked } = fixture.keys.lock(key);

      expect(new Set([state, waiting, asked].map(hashedPart)).size).toBe(1);
    }
  });

  test("refuses a key that is somebody else's, and leaves it alone", async () => {
    const { store } = await open('one');
    const { state } = fixture.keys.lock('k');
    await fixture.redis.set(state, 'mine');

    await expect(store.tryAcquire('k', 'ann', TTL)).rejects.toThrow(EngineReplyError);
    expect(await fixture.redis.get(state)).toBe('mine');
  });

  test('answers as the embedded engine does, whatever happens in whatever order', async () => {
    const { below } = random(23);
    // A process for each owner: one that lets a hand-over lapse takes those who wait in the same process along.
    const owners = await Promise.all(['o0', 'o1', 'o2', 'o3', 'o4'].map(open));
    const clock = new ManualClock();
    const twin = new EmbeddedLockStore(clock);
    const handed: string[] = [];
    twin.onGranted((key, owner) => handed.push(`${key}:${owner}`));
    for (let step = 0; step < 1_500; step++) {
      const key = `k${below(2)}`;
      const who = below(owners.length);
      const owner = `o${who}`;
      const ttl = 500 + below(3_000);
      const action = below(12);
      const act = async (store: LockStore): Promise<unknown> => {
        if (action < 2) return store.tryAcquire(key, owner, ttl);
        if (action < 6) return store.acquire(key, owner, ttl);
        if (action < 7) return store.extend(key, owner, ttl);
        return store.release(key, owner);
      };
      if (action === 11) {
        const ms = below(1_500);
        await fixture.setClock((await fixture.now()) + ms);
        await clock.advance(ms);
      } else {
        const store = owners[who]?.store ?? twin;
        expect([step, await act(store)]).toEqual([step, await act(twin)]);
      }
    }

    expect(handed.length).toBeGreaterThan(100);
    for (const [who, one] of owners.entries()) {
      const own = handed.filter((entry) => entry.endsWith(`:o${who}`));
      await eventually(() => expect(one.handed).toEqual(own));
    }
  });
});

describe('locks on a Redis whose memory is full', () => {
  test('are extended, handed over and released, but not granted', async () => {
    await using server = await startRedis({ args: ['--maxmemory-policy', 'noeviction'] });
    const fixture = new RedisFixture(server.url);
    try {
      await fixture.setClock(Date.UTC(2030, 0, 1));
      const { link, inbox } = await fixture.process('one');
      const store = new RedisLockStore(link, inbox, fixture.keys);
      const handed: string[] = [];
      store.onGranted((_, owner) => handed.push(owner));
      await store.tryAcquire('k', 'ann', TTL);
      await store.acquire('k', 'bob', TTL);
      await fixture.redis.config('SET', 'maxmemory', '1');

      await expect(store.tryAcquire('free', 'ann', TTL)).rejects.toThrow(/OOM/);
      await expect(store.acquire('k', 'cid', TTL)).rejects.toThrow(/OOM/);
      expect(await store.extend('k', 'ann', TTL)).toBe(true);
      expect(await store.release('k', 'ann')).toBe(true);
      await eventually(() => expect(handed).toEqual(['bob']));
      expect(await store.acquire('k', 'bob', TTL)).toMatchObject({ granted: true });
      expect(await store.release('k', 'bob')).toBe(true);
    } finally {
      await fixture.redis.config('SET', 'maxmemory', '0');
      await fixture.close();
    }
  });
});
