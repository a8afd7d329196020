import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LockAnswer, LockStore } from '../../lib/lock/lock.store.js';
import { eventually } from '../support/eventually.js';

/** An engine with a clock that only the test moves. */
export interface LockBench {
  readonly store: LockStore;
  /** The same locks, seen by another process if the engine has several. */
  readonly other: LockStore;
  /** Time passes. */
  advance(ms: number): Promise<void>;
  /** The clock is set. */
  jump(ms: number): Promise<void>;
  /** What is stored is lost; the clock goes on. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

const TTL = 10_000;
const DAY = 86_400_000;

const held = (leftMs: number): LockAnswer => ({ granted: false, leftMs });
const granted = (token: number): LockAnswer => ({ granted: true, token });

/** Every rule of the contract is one case; it holds on every engine. */
export function describeLockStore(name: string, open: () => Promise<LockBench>): void {
  describe(`lock store, ${name}`, () => {
    let bench: LockBench;
    let store: LockStore;
    let other: LockStore;
    /** Owners that were handed a lock, in that order. */
    let handed: string[];

    beforeEach(async () => {
      bench = await open();
      ({ store, other } = bench);
      handed = [];
      store.onGranted((key, owner) => handed.push(`${key}:${owner}`));
      if (other !== store) other.onGranted((key, owner) => handed.push(`${key}:${owner}`));
    });

    afterEach(() => bench.close());

    const take = async (owner: string, key = 'k', ttlMs = TTL): Promise<number> => {
      const answer = await store.tryAcquire(key, owner, ttlMs);
      if (!answer.granted) throw new Error(`${key} was not granted to ${owner}`);
      return answer.token;
    };

    describe('granting', () => {
      test('grants a free lock', async () => {
        expect(await store.tryAcquire('k', 'ann', TTL)).toEqual(
          granted(expect.any(Number) as unknown as number),
        );
        expect(await store.acquire('other', 'ann', TTL)).toMatchObject({ granted: true });
      });

      test('refuses everybody else, and says how long it is taken', async () => {
        await take('ann');
        await bench.advance(3_000);

        expect(await other.tryAcquire('k', 'bob', TTL)).toEqual(held(7_000));
        expect(await other.acquire('k', 'bob', TTL)).toEqual(held(7_000));
      });

      test('grants anew to its owner, with the same token and the whole ttl', async () => {
        const token = await take('ann');
        await bench.advance(3_000);

        expect(await store.tryAcquire('k', 'ann', TTL)).toEqual(granted(token));
        expect(await store.acquire('k', 'ann', 2 * TTL)).toEqual(granted(token));
        expect(await other.tryAcquire('k', 'bob', TTL)).toEqual(held(2 * TTL));
      });

      test('keeps keys apart, whatever they are made of', async () => {
        const keys = [
          'k',
          'K',
          'k ',
          'k\n',
          '{k}',
          'k}',
          '{}',
          '}',
          '{',
          '%7B',
          'k:waiting',
          'ключ',
          '🔑',
          ' ',
        ];
        for (const key of keys) await take('ann', key);
        for (const key of keys) {
          expect(await store.acquire(key, 'bob', TTL)).toEqual(held(TTL));
          expect(await store.release(key, 'ann')).toBe(true);
        }

        await eventually(() => expect(handed.sort()).toEqual(keys.map((key) => `${key}:bob`).sort()));
      });
    });

    describe('tokens', () => {
      test('grow with every grant, however the lock became free', async () => {
        const tokens = [await take('ann')];
        await store.release('k', 'ann');
        tokens.push(await take('bob'));
        await bench.advance(TTL);
        tokens.push(await take('cid'));
        await store.acquire('k', 'dan', TTL);
        await store.release('k', 'cid');
        const answer = await store.acquire('k', 'dan', TTL);
        if (answer.granted) tokens.push(answer.token);

        expect(tokens).toHaveLength(4);
        expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
      });

      test('are whole numbers that a double holds exactly', async () => {
        const token = await take('ann');

        expect(Number.isSafeInteger(token)).toBe(true);
        await store.release('k', 'ann');
        expect(await take('bob')).toBe(token + 1);
      });

      test('grow although the clock is set back', async () => {
        const before = await take('ann');
        await store.release('k', 'ann');
        await bench.jump(-60_000);

        expect(await take('bob')).toBeGreaterThan(before);
      });

      test('grow although all that was stored is lost', async () => {
        const before = await take('ann');
        await bench.forget();
        await bench.advance(1);

        expect(await take('bob')).toBeGreaterThan(before);
      });

      test('grow although the lock was left alone for longer than they are kept', async () => {
        const before = await take('ann');
        await store.release('k', 'ann');
        await bench.advance(2 * DAY);

        expect(await take('bob')).toBeGreaterThan(before);
      });

      test('last as long as a lock that is held for days', async () => {
        const token = await take('ann', 'k', 3 * DAY);
        await bench.advance(2 * DAY);

        expect(await store.acquire('k', 'ann', TTL)).toEqual(granted(token));
      });
    });

    describe('expiry', () => {
      test('keeps the lock until the moment it expires, and not from then on', async () => {
        await take('ann');
        await bench.advance(TTL - 1);
        expect(await store.tryAcquire('k', 'bob', TTL)).toEqual(held(1));
        await bench.advance(1);

        expect(await store.tryAcquire('k', 'bob', TTL)).toMatchObject({ granted: true });
      });

      test('leaves an owner whose time was over without any right to it', async () => {
        await take('ann');
        await bench.advance(TTL);

        expect(await store.extend('k', 'ann', TTL)).toBe(false);
        expect(await store.release('k', 'ann')).toBe(false);
        expect(await store.tryAcquire('k', 'bob', TTL)).toMatchObject({ granted: true });
      });

      test('leaves an owner whose time was over without power over the next one', async () => {
        await take('ann');
        await bench.advance(TTL);
        const token = await take('bob');

        expect(await store.extend('k', 'ann', 9 * TTL)).toBe(false);
        expect(await store.release('k', 'ann')).toBe(false);
        expect(await store.tryAcquire('k', 'ann', TTL)).toEqual(held(TTL));
        expect(await store.acquire('k', 'bob', TTL)).toEqual(granted(token));
      });

      test('gives the lock of an owner whose time is over to the first waiter, whoever looks', async () => {
        await take('ann');
        await store.acquire('k', 'bob', TTL);
        await store.acquire('k', 'cid', TTL);
        await bench.advance(TTL);

        expect(await store.tryAcquire('k', 'dan', TTL)).toEqual(held(1_000));
        await eventually(() => expect(handed).toEqual(['k:bob']));
      });
    });

    describe('extending', () => {
      test('lets the lock last so long from now', async () => {
        await take('ann');
        await bench.advance(TTL - 1);

        expect(await store.extend('k', 'ann', TTL)).toBe(true);
        await bench.advance(TTL - 1);
        expect(await store.tryAcquire('k', 'bob', TTL)).toEqual(held(1));
      });

      test('can shorten it', async () => {
        await take('ann');

        expect(await store.extend('k', 'ann', 5)).toBe(true);
        expect(await store.tryAcquire('k', 'bob', TTL)).toEqual(held(5));
      });

      test('is refused to everybody but the owner', async () => {
        await take('ann');
        await store.acquire('k', 'bob', TTL);

        expect(await store.extend('k', 'bob', 9 * TTL)).toBe(false);
        expect(await store.extend('k', 'cid', 9 * TTL)).toBe(false);
        expect(await store.extend('free', 'cid', TTL)).toBe(false);
        expect(await store.tryAcquire('k', 'dan', TTL)).toEqual(held(TTL));
        expect(await store.tryAcquire('free', 'dan', TTL)).toMatchObject({ granted: true });
      });
    });

    describe('releasing', () => {
      test('frees the lock, once', async () => {
        await take('ann');

        expect(await store.release('k', 'ann')).toBe(true);
        expect(await store.release('k', 'ann')).toBe(false);
        expect(await store.tryAcquire('k', 'bob', TTL)).toMatchObject({ granted: true });
      });

      test('is refused to everybody but the owner', async () => {
        await take('ann');

        expect(await store.release('k', 'bob')).toBe(false);
        expect(await store.release('free', 'bob')).toBe(false);
        expect(await store.tryAcquire('k', 'bob', TTL)).toEqual(held(TTL));
      });

      test('twice does not take the lock from the one who got it meanwhile', async () => {
        await take('ann');
        await store.release('k', 'ann');
        await take('bob');

        expect(await store.release('k', 'ann')).toBe(false);
        expect(await store.tryAcquire('k', 'cid', TTL)).toEqual(held(TTL));
      });
    });

    describe('waiting', () => {
      test('serves waiters in the order in which they came, and tells each of them once', async () => {
        await take('ann');
        for (const owner of ['bob', 'cid', 'dan']) await store.acquire('k', owner, TTL);
        for (const owner of ['ann', 'bob', 'cid', 'dan']) {
          await store.acquire('k', owner, TTL);
          expect(await store.release('k', owner)).toBe(true);
        }

        await eventually(() => expect(handed).toEqual(['k:bob', 'k:cid', 'k:dan']));
        expect(await store.tryAcquire('k', 'eve', TTL)).toMatchObject({ granted: true });
      });

      test('serves waiters of several processes in one order', async () => {
        await take('ann');
        await store.acquire('k', 'bob', TTL);
        await other.acquire('k', 'cid', TTL);
        await store.acquire('k', 'dan', TTL);
        await store.release('k', 'ann');
        await eventually(() => expect(handed).toEqual(['k:bob']));
        await store.release('k', 'bob');
        await eventually(() => expect(handed).toEqual(['k:bob', 'k:cid']));
        await other.release('k', 'cid');

        await eventually(() => expect(handed).toEqual(['k:bob', 'k:cid', 'k:dan']));
      });

      test('keeps the place of a waiter who asks again', async () => {
        await take('ann');
        await store.acquire('k', 'bob', TTL);
        await store.acquire('k', 'cid', TTL);
        await store.acquire('k', 'bob', TTL);
        await store.release('k', 'ann');

        await eventually(() => expect(handed).toEqual(['k:bob']));
        await store.release('k', 'bob');
        expect(await store.acquire('k', 'cid', TTL)).toMatchObject({ granted: true });
      });

      test('does not queue who only tries', async () => {
        await take('ann');
        await store.tryAcquire('k', 'bob', TTL);
        await store.release('k', 'ann');

        expect(await store.tryAcquire('k', 'cid', TTL)).toMatchObject({ granted: true });
      });

      test('lets nobody who tries jump the queue', async () => {
        await take('ann');
        await store.acquire('k', 'bob', TTL);
        await store.release('k', 'ann');

        expect(await store.tryAcquire('k', 'cid', TTL)).toEqual(held(1_000));
        expect(await store.acquire('k', 'bob', TTL)).toMatchObject({ granted: true });
      });

      test('forgets a waiter who gives up', async () => {
        await take('ann');
        await store.acquire('k', 'bob', TTL);
        await store.acquire('k', 'cid', TTL);
        expect(await store.release('k', 'bob')).toBe(false);
        await store.release('k', 'ann');

        await eventually(() => expect(handed).toEqual(['k:cid']));
        expect(await store.extend('k', 'bob', TTL)).toBe(false);
      });

      test('lets a waiter stand in several queues', async () => {
        await take('ann', 'one');
        await take('ann', 'two');
        await store.acquire('one', 'bob', TTL);
        await store.acquire('two', 'bob', TTL);
        await store.release('two', 'ann');

        await eventually(() => expect(handed).toEqual(['two:bob']));
        expect(await store.acquire('one', 'bob', TTL)).toEqual(held(TTL));
      });
    });

    describe('handing over', () => {
      beforeEach(async () => {
        await take('ann');
        await store.acquire('k', 'bob', TTL);
      });

      test('lasts a second until the waiter takes the lock up', async () => {
        await store.release('k', 'ann');

        expect(await store.tryAcquire('k', 'eve', TTL)).toEqual(held(1_000));
        expect(await store.acquire('k', 'bob', TTL)).toMatchObject({ granted: true });
        expect(await store.tryAcquire('k', 'eve', TTL)).toEqual(held(TTL));
      });

      test('lasts no longer than what the waiter asked for', async () => {
        await store.release('k', 'bob');
        await store.acquire('k', 'cid', 20);
        await store.release('k', 'ann');

        expect(await store.tryAcquire('k', 'eve', TTL)).toEqual(held(20));
      });

      test('goes by the ttl that the waiter asked for last', async () => {
        await store.acquire('k', 'bob', 20);
        await store.release('k', 'ann');

        expect(await store.tryAcquire('k', 'eve', TTL)).toEqual(held(20));
      });

      test('gives a greater token, which stays when the lock is taken up', async () => {
        const before = await store.tryAcquire('k', 'ann', TTL);
        await store.release('k', 'ann');
        const taken = await store.acquire('k', 'bob', TTL);
        const again = await store.acquire('k', 'bob', TTL);

        if (!before.granted || !taken.granted) throw new Error('not granted');
        expect(taken.token).toBeGreaterThan(before.token);
        expect(again).toEqual(taken);
      });

      test('is taken up by an extension, too', async () => {
        await store.release('k', 'ann');

        expect(await store.extend('k', 'bob', TTL)).toBe(true);
        await bench.advance(5_000);
        expect(await store.tryAcquire('k', 'eve', TTL)).toEqual(held(5_000));
      });

      test('passes over a waiter who does not take the lock up', async () => {
        await other.acquire('k', 'cid', TTL);
        await store.release('k', 'ann');
        await bench.advance(1_000);
        await other.tryAcquire('k', 'eve', TTL);

        await eventually(() => expect(handed).toEqual(['k:bob', 'k:cid']));
        expect(await store.extend('k', 'bob', TTL)).toBe(false);
        expect(await store.release('k', 'bob')).toBe(false);
        expect(await other.acquire('k', 'cid', TTL)).toMatchObject({ granted: true });
      });

      test('puts a waiter who took it up too late at the end of the queue', async () => {
        await other.acquire('k', 'cid', TTL);
        await store.release('k', 'ann');
        await bench.advance(1_000);

        expect(await store.acquire('k', 'bob', TTL)).toEqual(held(1_000));
        await other.acquire('k', 'cid', TTL);
        await other.release('k', 'cid');
        await eventually(() => expect(handed).toEqual(['k:bob', 'k:cid', 'k:bob']));
      });

      test('goes on to the next one when the waiter has given up meanwhile', async () => {
        await other.acquire('k', 'cid', TTL);
        await store.release('k', 'ann');

        expect(await store.release('k', 'bob')).toBe(true);
        await eventually(() => expect(handed).toEqual(['k:bob', 'k:cid']));
      });

      test('frees the lock when nobody else waits', async () => {
        await store.release('k', 'ann');
        await bench.advance(1_000);

        expect(await store.tryAcquire('k', 'eve', TTL)).toMatchObject({ granted: true });
      });
    });
  });
}
