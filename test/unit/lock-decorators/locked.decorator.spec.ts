import { beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { EmbeddedLockStore } from '../../../lib/engines/embedded/embedded-lock.store.js';
import { HeldLock } from '../../../lib/lock/decorators/held-lock.decorator.js';
import { Locked } from '../../../lib/lock/decorators/locked.decorator.js';
import { LockConflictError, LockTimeoutError } from '../../../lib/lock/lock.errors.js';
import { LockService } from '../../../lib/lock/lock.service.js';
import { LockSet } from '../../../lib/lock/lock.set.js';
import { Lock } from '../../../lib/lock/lock.js';
import { Deferred } from '../../support/deferred.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { FragileLockStore } from '../lock/fragile-lock.store.js';
import { createApp } from './lock-app.js';

@Injectable()
class Orders {
  readonly log: string[] = [];
  readonly gates: Deferred<void>[] = [];
  running = 0;
  most = 0;

  @Locked({ key: (id) => `order:${id}`, ttl: '10s' })
  async ship(id: number, note = ''): Promise<string> {
    return this.work(`ship ${id}${note}`);
  }

  @Locked({ key: (id) => `order:${id}`, wait: '2s' })
  async shipSoon(id: number): Promise<string> {
    return this.work(`ship ${id}`);
  }

  @Locked({ key: (id) => `order:${id}`, onConflict: 'throw' })
  async shipNow(id: number): Promise<string> {
    return this.work(`ship ${id}`);
  }

  @Locked({ key: (id) => `order:${id}`, onConflict: 'throw', wait: '2s' })
  async shipOrThrow(id: number): Promise<string> {
    return this.work(`ship ${id}`);
  }

  @Locked({ key: (id) => `order:${id}`, onConflict: 'defer', delay: '10s' })
  async shipLater(id: number): Promise<string> {
    return this.work(`ship ${id}`);
  }

  @Locked({ key: 'catalogue', mode: 'read' })
  async read(): Promise<string> {
    return this.work('read');
  }

  @Locked({ key: 'catalogue' })
  async write(): Promise<string> {
    return this.work('write');
  }

  @Locked({ key: 'pool', permits: 3, take: 1, renew: false })
  async enter(): Promise<string> {
    return this.work('enter');
  }

  @Locked({ key: 'fails' })
  async fail(): Promise<void> {
    await Promise.resolve();
    throw new Error('no stamp');
  }

  @Locked({ key: 'throws' })
  throwAtOnce(): Promise<void> {
    throw new Error('no stamp');
  }

  @Locked({ key: (...ids) => ids.map((id) => `account:${id}`) })
  async transfer(...ids: number[]): Promise<string> {
    return this.work(`transfer ${ids.join()}`);
  }

  @Locked({ key: ['stock', 'till'] })
  async close(@HeldLock() locks?: LockSet): Promise<readonly string[] | undefined> {
    return Promise.resolve(locks?.keys);
  }

  @Locked({ key: (name) => name })
  async named(name: string): Promise<string> {
    return this.work(name);
  }

  @Locked({ key: (names) => names })
  async namedSo(names: string[]): Promise<string> {
    return this.work(names.join());
  }

  async work(name: string): Promise<string> {
    this.log.push(name);
    this.most = Math.max(this.most, ++this.running);
    const gate = new Deferred<void>();
    this.gates.push(gate);
    await gate.promise;
    this.running--;
    return `${name} done`;
  }

  /** The oldest call that is under way ends. */
  async end(): Promise<void> {
    this.gates.shift()?.resolve();
    await settled();
  }
}

let clock: ManualClock;
let orders: Orders;
let locks: LockService;

beforeEach(async () => {
  clock = new ManualClock();
  const app = await createApp([Orders], { clock });
  [orders, locks] = [app.get(Orders), app.get(LockService)];
});

describe('a locked method', () => {
  test('runs one call at a time of a key, in order, and calls of other keys beside it', async () => {
    const shipped = [orders.ship(1, ' a'), orders.ship(1, ' b'), orders.ship(2, ' c'), orders.ship(1, ' d')];
    await settled();
    expect(orders.log).toEqual(['ship 1 a', 'ship 2 c']);
    for (let call = 0; call < 4; call++) await orders.end();

    expect(await Promise.all(shipped)).toEqual(['a', 'b', 'c', 'd'].map(doneOf));
    expect(orders.log).toEqual(['ship 1 a', 'ship 2 c', 'ship 1 b', 'ship 1 d']);
  });

  test('has given its lock back once its result is there', async () => {
    const store = new FragileLockStore(new EmbeddedLockStore(clock));
    const app = await createApp([Orders], { clock, store });
    [orders, locks] = [app.get(Orders), app.get(LockService)];
    const shipped = orders.ship(1);
    await settled();
    expect(await locks.isHeld('order:1')).toBe(true);
    const answer = store.slow('requests');
    await orders.end();
    const isOver = await Promise.race([shipped.then(() => true), settled().then(() => false)]);
    answer();
    await shipped;

    expect([isOver, await locks.isHeld('order:1')]).toEqual([false, false]);
  });

  test.each([
    ['rejects', 'fails', () => orders.fail()],
    ['throws', 'throws', () => orders.throwAtOnce()],
  ])('has given it back when it %s', async (_, key, call) => {
    await expect(call()).rejects.toThrow('no stamp');

    expect(await locks.isHeld(key)).toBe(false);
  });

  test('has the ttl that it asks for, and renews it', async () => {
    const shipped = orders.ship(1);
    await settled();
    const until = async (): Promise<number | undefined> => (await locks.inspect('order:1'))?.until.getTime();
    expect(await until()).toBe(clock.now() + 10_000);
    await clock.advance(25_000);
    expect(await until()).toBeGreaterThan(clock.now());
    await orders.end();
    await shipped;
  });

  test('may be one of several readers, and a writer is alone', async () => {
    const calls = [orders.read(), orders.read(), orders.write(), orders.read()];
    await settled();
    expect(orders.log).toEqual(['read', 'read']);
    for (let call = 0; call < 4; call++) await orders.end();

    await Promise.all(calls);
    expect(orders.log).toEqual(['read', 'read', 'write', 'read']);
  });

  test('may enter a semaphore, with a lease that is not renewed', async () => {
    const calls = Array.from({ length: 5 }, () => orders.enter());
    await settled();
    expect(orders.log).toHaveLength(3);
    await clock.advance(9_100);
    expect(orders.log).toHaveLength(5);
    for (let call = 0; call < 5; call++) await orders.end();
    await Promise.all(calls);
  });

  test('may hold several locks', async () => {
    const calls = [orders.transfer(1, 2), orders.transfer(2, 3), orders.transfer(3, 1)];
    for (let call = 0; call < 3; call++) {
      await settled();
      await orders.end();
    }

    await Promise.all(calls);
    expect([orders.log.length, orders.most]).toEqual([3, 1]);
    expect(await orders.close()).toEqual(['stock', 'till']);
  });
});

describe('when somebody else has the lock', () => {
  let held: Lock;

  beforeEach(async () => {
    held = await locks.acquire('order:1');
  });

  test('a call waits for ten seconds by default, and says so then', async () => {
    const shipped = orders.ship(1);
    const failed = expect(shipped).rejects.toThrow(LockTimeoutError);
    await clock.advance(9_990);
    expect(await locks.inspect('order:1')).toMatchObject({ waiters: 1 });
    await clock.advance(20);
    await failed;
    await expect(shipped).rejects.toThrow(/^Lock "order:1" was not granted within 10000 ms/);
    expect(await locks.inspect('order:1')).toMatchObject({ waiters: 0 });
  });

  test('it waits as long as it is told', async () => {
    const failed = expect(orders.shipSoon(1)).rejects.toThrow(/within 2000 ms/);
    await clock.advance(2_010);
    await failed;
  });

  test("'throw' rejects at once, and runs nothing", async () => {
    const shipped = orders.shipNow(1);

    await expect(shipped).rejects.toThrow(LockConflictError);
    await expect(shipped).rejects.toThrow('Lock "order:1" is taken by somebody else; try again later');
    await expect(shipped).rejects.toMatchObject({ key: 'order:1', deferMs: undefined });
    expect(orders.log).toEqual([]);
  });

  test("'throw' waits when it is told to, and is served then", async () => {
    const shipped = orders.shipOrThrow(1);
    await clock.advance(1_000);
    await held.release();
    await settled();
    await orders.end();

    expect(await shipped).toBe('ship 1 done');
  });

  test("'throw' that has waited in vain is a conflict, too", async () => {
    const failed = expect(orders.shipOrThrow(1)).rejects.toThrow(LockConflictError);
    await clock.advance(2_010);
    await failed;
  });

  test("'defer' says for how long, a fifth more or less", async () => {
    const delays = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const error: unknown = await orders.shipLater(1).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(LockConflictError);
        return (error as LockConflictError).deferMs ?? 0;
      }),
    );

    expect(Math.min(...delays)).toBeGreaterThanOrEqual(8_000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(12_000);
    expect(new Set(delays).size).toBeGreaterThan(10);
  });

  test('of several locks all or none are held', async () => {
    const failed = expect(orders.namedSo(['a', 'order:1', 'z'])).rejects.toThrow(LockTimeoutError);
    await clock.advance(10_010);
    await failed;

    expect([await locks.isHeld('a'), await locks.isHeld('z')]).toEqual([false, false]);
  });
});

test.each([
  ['a number', () => orders.named(7 as never), 'is 7; expected text'],
  ['nothing', () => orders.named(''), 'is empty; expected text'],
  ['too long', () => orders.named('x'.repeat(1_025)), /has 1025 characters/],
  ['an empty array', () => orders.namedSo([]), 'is an empty array; expected at least one key'],
  ['an array with a number', () => orders.namedSo(['a', 7 as never]), 'key returned[1] is 7; expected text'],
])('a key that is %s rejects the call, naming the decorator', async (_, call, message) => {
  const called = call();

  await expect(called).rejects.toThrow(/^@Locked on Orders\.named(So)?: what key returned/);
  await expect(called).rejects.toThrow(message);
  expect(orders.log).toEqual([]);
});

const doneOf = (name: string): string => `ship ${name === 'c' ? 2 : 1} ${name} done`;
