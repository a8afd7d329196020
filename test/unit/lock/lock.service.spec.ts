import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DepotConfigError, EngineUnavailableError } from '../../../lib/common/errors.js';
import { EmbeddedLockStore } from '../../../lib/engines/embedded/embedded-lock.store.js';
import { LockLostError, LocksStoppedError, LockTimeoutError } from '../../../lib/lock/lock.errors.js';
import type { AcquireOptions } from '../../../lib/lock/lock.options.js';
import { LockService } from '../../../lib/lock/lock.service.js';
import type { Lock } from '../../../lib/lock/lock.js';
import { Deferred } from '../../support/deferred.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { FragileLockStore } from './fragile-lock.store.js';

const TTL = 9_000;

let clock: ManualClock;
let engine: EmbeddedLockStore;
let store: FragileLockStore;
let logger: RecordingLogger;
let locks: LockService;
let unhandled: unknown[];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  clock = new ManualClock();
  engine = new EmbeddedLockStore(clock);
  store = new FragileLockStore(engine);
  logger = new RecordingLogger();
  locks = new LockService(store, { ttlMs: TTL }, clock, logger);
  unhandled = [];
  process.on('unhandledRejection', onUnhandled);
});

afterEach(async () => {
  store.away = 'no';
  await locks.stop();
  await settled();
  process.off('unhandledRejection', onUnhandled);
  engine.close();
  expect(unhandled).toEqual([]);
  expect(clock.pending).toBe(0);
});

/** Somebody in another process. */
const stranger = {
  take: async (ttlMs = TTL): Promise<void> => {
    expect(await engine.tryAcquire('k', 'stranger', ttlMs)).toMatchObject({ granted: true });
  },
  release: () => engine.release('k', 'stranger'),
};

const isFree = async (key = 'k'): Promise<boolean> => {
  const answer = await engine.tryAcquire(key, 'probe', 1);
  await engine.release(key, 'probe');
  return answer.granted;
};

/** What becomes of a promise, without waiting for it. */
function watch<T>(promise: Promise<T>): {
  state: 'pending' | 'fulfilled' | 'rejected';
  value?: T;
  reason?: unknown;
} {
  const seen: { state: 'pending' | 'fulfilled' | 'rejected'; value?: T; reason?: unknown } = {
    state: 'pending',
  };
  promise.then(
    (value) => Object.assign(seen, { state: 'fulfilled', value }),
    (reason: unknown) => Object.assign(seen, { state: 'rejected', reason }),
  );
  return seen;
}

describe('tryAcquire', () => {
  test('gives a free lock and null for one that is taken', async () => {
    const lock = await locks.tryAcquire('k');

    expect(lock?.held).toBe(true);
    expect(await locks.tryAcquire('k')).toBeNull();
    expect(await locks.tryAcquire('other')).not.toBeNull();
    await lock?.release();
    expect(await locks.tryAcquire('k')).not.toBeNull();
  });

  test('rejects when the engine can not be asked, and takes back what it may have got', async () => {
    store.away = 'after';
    const asked = locks.tryAcquire('k', { ttl: '1h' });
    await expect(asked).rejects.toThrow(EngineUnavailableError);
    store.away = 'no';
    await settled();

    expect(await isFree()).toBe(true);
  });
});

describe('acquire', () => {
  test('gives a free lock at once', async () => {
    const lock = await locks.acquire('k');

    expect(lock.key).toBe('k');
    expect(lock.owner).toEqual(expect.any(String));
    expect(lock.fencingToken).toBeGreaterThan(0);
    expect(lock.signal.aborted).toBe(false);
    expect(store.calls).toEqual(['acquire']);
  });

  test('gives every grant a greater token and another owner', async () => {
    const first = await locks.acquire('k');
    await first.release();
    const second = await locks.acquire('k');

    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    expect(second.owner).not.toBe(first.owner);
  });

  test('serves waiters in their order, three calls for each', async () => {
    const order: number[] = [];
    const first = await locks.acquire('k');
    const done = Array.from({ length: 100 }, async (_, n) => {
      await using lock = await locks.acquire('k');
      order.push(n);
      expect(lock.held).toBe(true);
    });
    await settled();
    await first.release();
    await Promise.all(done);

    expect(order).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(store.calls).toHaveLength(2 + 3 * 100);
  });

  test('is woken, and asks nobody while it waits', async () => {
    const first = await locks.acquire('k', { ttl: '1h', renew: false });
    const second = watch(locks.acquire('k', { wait: '50m' }));
    await settled();
    const before = store.calls.length;
    await clock.advance(49 * 60_000);
    expect(store.calls.length).toBe(before);
    await first.release();
    await settled();

    expect(second.state).toBe('fulfilled');
  });

  test('gets the lock of an owner that died', async () => {
    await stranger.take();
    const waiting = ['one', 'two', 'three'].map(() => watch(locks.acquire('k', { wait: '1m' })));
    await clock.advance(TTL - 1);
    expect(waiting.map((each) => each.state)).toEqual(['pending', 'pending', 'pending']);
    await clock.advance(100);

    expect(waiting.map((each) => each.state)).toEqual(['fulfilled', 'pending', 'pending']);
  });

  test('asks once for each time the lock could be over, however many wait', async () => {
    await stranger.take();
    for (let n = 0; n < 50; n++) void locks.acquire('k', { wait: '5m' }).catch(() => undefined);
    await settled();
    const before = store.calls.length;
    for (let n = 0; n < 10; n++) {
      await clock.advance(TTL - 1_000);
      await engine.extend('k', 'stranger', TTL);
    }

    expect(store.calls.length - before).toBeLessThanOrEqual(10);
  });

  test('gets the lock although the word of it was lost, when it looks', async () => {
    await stranger.take();
    const waiting = watch(locks.acquire('k', { wait: '1m' }));
    await settled();
    store.deaf = true;
    await stranger.release();
    await settled();
    expect(waiting.state).toBe('pending');
    await clock.advance(TTL + 100);

    expect(waiting.state).toBe('fulfilled');
  });

  test('gets the lock although the word of it was lost, after a reconnect', async () => {
    await stranger.take();
    const waiting = watch(locks.acquire('k', { wait: '1m' }));
    await settled();
    store.deaf = true;
    await stranger.release();
    await settled();
    store.gap();
    await settled();

    expect(waiting.state).toBe('fulfilled');
  });

  test('stands in the queue again when it took the lock up too late', async () => {
    await stranger.take();
    const first = watch(locks.acquire('k', { wait: '1m' }));
    const second = watch(locks.acquire('k', { wait: '1m' }));
    await settled();
    // The call that takes the lock up hangs for longer than a hand-over lasts.
    const slow = new Deferred<undefined>();
    store.held = slow.promise;
    await stranger.release();
    await settled();
    clock.jump(1_000);
    await engine.tryAcquire('k', 'stranger', TTL);
    store.held = undefined;
    slow.resolve(undefined);
    await settled();
    expect([first.state, second.state].sort()).toEqual(['fulfilled', 'pending']);
    await (first.value ?? second.value)?.release();
    await settled();

    expect([first.state, second.state]).toEqual(['fulfilled', 'fulfilled']);
  });

  test('asks again with all who wait in the process when one of them was taken for dead', async () => {
    await stranger.take();
    const first = watch(locks.acquire('k', { wait: '1m' }));
    const second = watch(locks.acquire('k', { wait: '1m' }));
    await settled();
    // The engine takes the process for dead: the hand-over to the first one lapses, and the second one is dropped.
    await engine.release('k', store.owners[1] ?? '');
    const slow = new Deferred<undefined>();
    store.held = slow.promise;
    await stranger.release();
    await settled();
    clock.jump(1_000);
    await stranger.take();
    store.held = undefined;
    slow.resolve(undefined);
    await settled();
    await stranger.release();
    await settled();
    expect([first.state, second.state]).toEqual(['fulfilled', 'pending']);
    await first.value?.release();
    await settled();

    expect(second.state).toBe('fulfilled');
  });

  test('keeps the lock when it is told of the grant again', async () => {
    await stranger.take();
    const waiting = locks.acquire('k', { wait: '1m' });
    await settled();
    await stranger.release();
    const lock = await waiting;
    store.tell('k', lock.owner);
    await settled();

    expect(lock.held).toBe(true);
    expect(await isFree()).toBe(false);
  });

  describe('gives up', () => {
    test('with an error when its time is over, and leaves the queue', async () => {
      await stranger.take(60_000);
      const waiting = watch(locks.acquire('k', { wait: '2s' }));
      await clock.advance(1_999);
      expect(waiting.state).toBe('pending');
      await clock.advance(1);

      expect(waiting.reason).toBeInstanceOf(LockTimeoutError);
      expect(waiting.reason).toMatchObject({ code: 'DEPOT_LOCK_TIMEOUT', key: 'k' });
      await stranger.release();
      expect(await isFree()).toBe(true);
    });

    test('after ten seconds by default', async () => {
      await stranger.take(60_000);
      const waiting = watch(locks.acquire('k'));
      await clock.advance(9_999);
      expect(waiting.state).toBe('pending');
      await clock.advance(1);

      expect(waiting.reason).toBeInstanceOf(LockTimeoutError);
    });

    test('after one try when it may not wait', async () => {
      await stranger.take();

      await expect(locks.acquire('k', { wait: 0 })).rejects.toThrow(LockTimeoutError);
      expect(store.calls).toEqual(['tryAcquire']);
      await stranger.release();
      await expect(locks.acquire('k', { wait: 0 })).resolves.toMatchObject({ key: 'k' });
    });

    test('when its signal aborts, and leaves the queue', async () => {
      await stranger.take(60_000);
      const abort = new AbortController();
      const waiting = watch(locks.acquire('k', { wait: '1m', signal: abort.signal }));
      await settled();
      abort.abort(new Error('no longer needed'));
      await settled();

      expect(waiting.reason).toMatchObject({ message: 'no longer needed' });
      await stranger.release();
      expect(await isFree()).toBe(true);
    });

    test('before it asks when its signal has aborted already', async () => {
      const signal = AbortSignal.abort(new Error('too late'));

      await expect(locks.acquire('k', { signal })).rejects.toThrow('too late');
      expect(store.calls).toEqual([]);
    });

    test('and what it is granted too late is given back', async () => {
      const slow = new Deferred<undefined>();
      store.held = slow.promise;
      const abort = new AbortController();
      const waiting = watch(locks.acquire('k', { signal: abort.signal, ttl: '1h' }));
      await settled();
      abort.abort(new Error('no longer needed'));
      await settled();
      expect(waiting.state).toBe('rejected');
      slow.resolve(undefined);
      await settled();

      expect(await isFree()).toBe(true);
    });

    test('at whatever moment, and has the lock or leaves it free', async () => {
      for (let ticks = 0; ticks < 20; ticks++) {
        const abort = new AbortController();
        const asked = locks.acquire('k', { signal: abort.signal }).catch(() => undefined);
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
        abort.abort();
        const lock = await asked;
        await settled();

        expect(await isFree()).toBe(lock === undefined);
        await lock?.release();
      }
    });

    test('and a hand-over that nobody wants any more goes to the next one', async () => {
      await stranger.take();
      const abort = new AbortController();
      void locks.acquire('k', { signal: abort.signal, wait: '1m' }).catch(() => undefined);
      const next = watch(locks.acquire('k', { wait: '1m' }));
      await settled();
      // The word that the first one leaves is lost.
      store.away = 'before';
      abort.abort();
      await settled();
      store.away = 'no';
      await stranger.release();
      await settled();

      expect(next.state).toBe('fulfilled');
    });

    test('and its signal does nothing once the lock is granted', async () => {
      const abort = new AbortController();
      const lock = await locks.acquire('k', { signal: abort.signal });
      abort.abort();
      await settled();

      expect(lock.held).toBe(true);
      expect(lock.signal.aborted).toBe(false);
    });
  });

  describe('with an engine that is away', () => {
    test('rejects at once, and takes back what it may have got', async () => {
      store.away = 'after';

      await expect(locks.acquire('k', { ttl: '1h' })).rejects.toThrow(EngineUnavailableError);
      await settled();
      expect(await isFree()).toBe(true);
    });

    test('rides it out once it waits', async () => {
      await stranger.take(2_000);
      const waiting = watch(locks.acquire('k', { wait: '1m' }));
      await settled();
      store.away = 'before';
      await clock.advance(10_000);
      expect(waiting.state).toBe('pending');
      store.away = 'no';
      await clock.advance(1_000);

      expect(waiting.state).toBe('fulfilled');
    });

    test('gives up in time, and names the cause', async () => {
      await stranger.take(2_000);
      const waiting = watch(locks.acquire('k', { wait: '5s' }));
      await settled();
      store.away = 'before';
      await clock.advance(5_000);

      expect(waiting.reason).toBeInstanceOf(LockTimeoutError);
      expect((waiting.reason as Error).cause).toBeInstanceOf(EngineUnavailableError);
    });
  });

  test.each<[string, AcquireOptions, RegExp]>([
    ['', {}, /lock key is empty/],
    ['x'.repeat(1_025), {}, /1025 characters/],
    ['k', { ttl: 0 }, /^ttl is 0/],
    ['k', { ttl: -1 }, /^ttl is -1/],
    ['k', { ttl: Number.POSITIVE_INFINITY }, /^ttl is Infinity/],
    ['k', { ttl: '366d' }, /^ttl is "366d"/],
    ['k', { ttl: '10 s' }, /^ttl is "10 s"/],
    ['k', { wait: -1 }, /^wait is -1/],
    ['k', { wait: '1 s' }, /^wait is "1 s"/],
  ])('refuses %p with %p', async (key, options, message) => {
    await expect(locks.acquire(key, options)).rejects.toThrow(DepotConfigError);
    await expect(locks.acquire(key, options)).rejects.toThrow(message);
    expect(store.calls).toEqual([]);
  });
});

describe('a lock that is held', () => {
  test('renews itself at a third of its ttl', async () => {
    const lock = await locks.acquire('k');
    await clock.advance(10 * TTL);

    expect(lock.held).toBe(true);
    expect(store.calls).toEqual(['acquire', ...Array.from({ length: 30 }, () => 'extend')]);
    expect(await isFree()).toBe(false);
  });

  test('is lost when its time is over, if it may not renew itself', async () => {
    const lock = await locks.acquire('k', { renew: false });
    await clock.advance(TTL - 1);
    expect(lock.held).toBe(true);
    await clock.advance(1);

    expect(lock.held).toBe(false);
    expect(lock.signal.reason).toBeInstanceOf(LockLostError);
    expect(lock.signal.reason).toMatchObject({ code: 'DEPOT_LOCK_LOST', key: 'k' });
    expect(await isFree()).toBe(true);
  });

  test('is lost when somebody else has it', async () => {
    const lock = await locks.acquire('k');
    const lost = new Deferred<unknown>();
    lock.signal.addEventListener('abort', () => lost.resolve(lock.signal.reason));
    // An operator's doing, or a Redis that lost its data.
    await engine.release('k', lock.owner);
    await stranger.take();
    await clock.advance(TTL / 3);

    expect(await lost.promise).toBeInstanceOf(LockLostError);
    expect(await lock.release()).toBe(false);
    expect(await isFree()).toBe(false);
  });

  test('survives renewals that fail for less than its ttl', async () => {
    const lock = await locks.acquire('k');
    await clock.advance(TTL / 3);
    store.away = 'before';
    await clock.advance((TTL / 10) * 9);
    store.away = 'no';
    await clock.advance(10 * TTL);

    expect(lock.held).toBe(true);
  });

  test('is lost when renewals fail for its whole ttl, and names the cause', async () => {
    const lock = await locks.acquire('k');
    await clock.advance(TTL / 3);
    store.away = 'before';
    await clock.advance(TTL - 1);
    expect(lock.held).toBe(true);
    await clock.advance(1);

    expect(lock.held).toBe(false);
    expect((lock.signal.reason as Error).cause).toBeInstanceOf(EngineUnavailableError);
  });

  test('is lost at the latest when its time is over by this process, whatever a slow engine says later', async () => {
    const lock = await locks.acquire('k');
    const slow = new Deferred<undefined>();
    store.held = slow.promise;
    await clock.advance(TTL);
    expect(lock.held).toBe(false);
    slow.resolve(undefined);
    await settled();

    expect(lock.held).toBe(false);
    expect(await isFree()).toBe(true);
  });

  test('is given back when it is lost here while the engine still keeps it', async () => {
    const lock = await locks.acquire('k');
    store.away = 'after';
    await clock.advance(TTL);
    store.away = 'no';

    expect(lock.held).toBe(false);
    expect(await isFree()).toBe(true);
  });

  test('counts its time from when it was asked for', async () => {
    const slow = new Deferred<undefined>();
    store.held = slow.promise;
    const asked = locks.acquire('k', { renew: false });
    await settled();
    clock.jump(TTL - 10);
    slow.resolve(undefined);
    const lock = await asked;
    await clock.advance(10);

    expect(lock.held).toBe(false);
  });

  describe('extended', () => {
    test('lasts so long from now, and from each renewal on', async () => {
      const lock = await locks.acquire('k');
      await lock.extend('1m');
      await clock.advance(19_999);
      expect(store.calls).toEqual(['acquire', 'extend']);
      await clock.advance(1);

      expect(store.calls).toEqual(['acquire', 'extend', 'extend']);
      expect(await engine.tryAcquire('k', 'probe', 1)).toEqual({ granted: false, leftMs: 60_000 });
    });

    test('lasts as long as before by default', async () => {
      const lock = await locks.acquire('k', { renew: false });
      await clock.advance(TTL - 1);
      await lock.extend();
      await clock.advance(TTL - 1);

      expect(lock.held).toBe(true);
    });

    test('too late is an error, and it is lost', async () => {
      const lock = await locks.acquire('k');
      await engine.release('k', lock.owner);

      await expect(lock.extend('1m')).rejects.toThrow(LockLostError);
      expect(lock.signal.aborted).toBe(true);
      await expect(lock.extend('1m')).rejects.toThrow(LockLostError);
    });

    test('after it was released is an error', async () => {
      const lock = await locks.acquire('k');
      await lock.release();

      await expect(lock.extend('1m')).rejects.toThrow(/it was released/);
      expect(lock.signal.aborted).toBe(false);
    });

    test('with the engine away is an error, but it is held until its time is over', async () => {
      const lock = await locks.acquire('k');
      store.away = 'before';

      await expect(lock.extend('1m')).rejects.toThrow(EngineUnavailableError);
      expect(lock.held).toBe(true);
    });

    test('by what is no ttl is an error', async () => {
      const lock = await locks.acquire('k');

      await expect(lock.extend(0)).rejects.toThrow(DepotConfigError);
      expect(lock.held).toBe(true);
    });
  });

  describe('released', () => {
    test('is free, and renewed no more', async () => {
      const lock = await locks.acquire('k');

      expect(await lock.release()).toBe(true);
      expect(lock.held).toBe(false);
      expect(lock.signal.aborted).toBe(false);
      expect(await isFree()).toBe(true);
      expect(clock.pending).toBe(1); // The embedded engine's, for the token.
    });

    test('twice is harmless', async () => {
      const lock = await locks.acquire('k');
      expect(await Promise.all([lock.release(), lock.release()])).toEqual([true, true]);
      expect(store.calls).toEqual(['acquire', 'release']);
      const next = await locks.acquire('k');
      await lock.release();

      expect(next.held).toBe(true);
      expect(await isFree()).toBe(false);
    });

    test.each(['no', 'before'] as const)(
      'is not revived by a renewal under way (engine away: %s)',
      async (away) => {
        const lock = await locks.acquire('k');
        const slow = new Deferred<undefined>();
        store.held = slow.promise;
        await clock.advance(TTL / 3);
        const released = lock.release();
        store.away = away;
        slow.resolve(undefined);
        await released;
        await clock.advance(10 * TTL);

        expect(lock.held).toBe(false);
        expect(store.calls).toEqual(['acquire', 'extend', 'release']);
      },
    );

    test('with the engine away does not reject: it ends by its ttl', async () => {
      const lock = await locks.acquire('k');
      store.away = 'before';

      expect(await lock.release()).toBe(false);
      expect(logger.warnings).toHaveLength(1);
      store.away = 'no';
      await clock.advance(TTL);
      expect(await isFree()).toBe(true);
    });

    test('at the end of its scope', async () => {
      {
        await using lock = await locks.acquire('k');
        expect(lock.held).toBe(true);
      }

      expect(await isFree()).toBe(true);
    });
  });
});

describe('run', () => {
  test('gives what the work gives, and releases', async () => {
    const seen: Lock[] = [];
    const outcome = await locks.run('k', { ttl: '30s' }, async (lock) => {
      seen.push(lock);
      expect(await isFree()).toBe(false);
      return 'report';
    });

    expect(outcome).toBe('report');
    expect(seen[0]?.held).toBe(false);
    expect(await isFree()).toBe(true);
  });

  test('takes a work that does not wait', async () => {
    expect(await locks.run('k', {}, () => 7)).toBe(7);
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('no luck'))],
    [
      'throws',
      () => {
        throw new Error('no luck');
      },
    ],
  ])('releases when the work %s', async (_, work) => {
    await expect(locks.run('k', {}, work)).rejects.toThrow('no luck');
    expect(await isFree()).toBe(true);
  });

  test('gives the outcome although the lock can not be released', async () => {
    const outcome = locks.run('k', {}, () => {
      store.away = 'before';
      return 'report';
    });

    expect(await outcome).toBe('report');
  });

  test('tells the work that the lock is lost', async () => {
    const outcome = locks.run('k', { renew: false }, async (lock) => {
      await clock.advance(TTL);
      lock.signal.throwIfAborted();
    });

    await expect(outcome).rejects.toThrow(LockLostError);
  });

  test('does not begin when the lock is not granted', async () => {
    await stranger.take(60_000);
    let ran = false;
    const outcome = watch(locks.run('k', { wait: '1s' }, () => (ran = true)));
    await clock.advance(1_000);

    expect(outcome.reason).toBeInstanceOf(LockTimeoutError);
    expect(ran).toBe(false);
  });

  test('excludes everybody else, whatever the order of events', async () => {
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        locks.run(`k${n % 3}`, { wait: '1m' }, async () => {
          if (n % 3 === 0) most = Math.max(most, ++inside);
          await settled();
          if (n % 3 === 0) inside--;
        }),
      ),
    );

    expect(most).toBe(1);
  });
});

describe('stop', () => {
  test('turns waiters away', async () => {
    await stranger.take();
    const waiting = watch(locks.acquire('k', { wait: '1m' }));
    await settled();
    await locks.stop();
    await settled();

    expect(waiting.reason).toBeInstanceOf(LocksStoppedError);
    await expect(locks.acquire('k')).rejects.toThrow(LocksStoppedError);
    await expect(locks.tryAcquire('k')).rejects.toThrow(LocksStoppedError);
  });

  test('tells who holds a lock, and leaves it to its ttl', async () => {
    const lock = await locks.acquire('k');
    await locks.stop();

    expect(lock.signal.reason).toBeInstanceOf(LockLostError);
    expect(await isFree()).toBe(false);
    await clock.advance(TTL);
    expect(await isFree()).toBe(true);
  });

  test('twice, with nothing to stop and with the engine away is harmless', async () => {
    store.away = 'before';
    await locks.stop();

    await expect(locks.stop()).resolves.toBeUndefined();
  });
});
