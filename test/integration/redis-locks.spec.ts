import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LockTimeoutError } from '../../lib/lock/lock.errors.js';
import type { LockService } from '../../lib/lock/lock.service.js';
import { RedisLockScene, scriptsIn } from './redis-locks.scene.js';

describe('LockService on Redis', () => {
  let scene: RedisLockScene;

  beforeEach(async () => {
    scene = await RedisLockScene.start();
  });

  afterEach(() => scene.close());

  /** Somebody has waited in this process, so it listens. */
  const listen = async (locks: LockService): Promise<void> => {
    const lock = await locks.acquire('warm');
    const waiting = locks.run('warm', { wait: '5s' }, () => undefined);
    await scene.waiting(locks, 1, 'warm');
    await lock.release();
    await waiting;
  };

  test('acquires and releases by one script each, and listens to nothing', async () => {
    const { locks } = await scene.process('one');
    const commands = await scene.commands(async () => {
      for (let n = 0; n < 10; n++) await locks.run('k', {}, () => n);
    });

    expect(scriptsIn(commands)).toBe(20);
    expect(commands).not.toHaveProperty('subscribe');
    expect(commands).not.toHaveProperty('publish');
  });

  test('lets one in at a time, over two processes, by two scripts each', async () => {
    const [one, two] = [await scene.process('one'), await scene.process('two')];
    await listen(one.locks);
    await listen(two.locks);
    let inside = 0;
    let most = 0;
    const tokens: number[] = [];
    const commands = await scene.commands(() =>
      Promise.all(
        Array.from({ length: 200 }, async (_, n) => {
          await using lock = await (n % 2 ? one : two).locks.acquire('k', { wait: '20s' });
          most = Math.max(most, ++inside);
          tokens.push(lock.fencingToken);
          await new Promise(setImmediate);
          inside--;
        }),
      ),
    );

    expect(most).toBe(1);
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    expect(tokens).toHaveLength(200);
    // Every script has to be sent once as a whole, and a busy machine may renew one of them.
    expect(scriptsIn(commands)).toBeGreaterThanOrEqual(400);
    expect(scriptsIn(commands)).toBeLessThanOrEqual(404);
    expect(commands['publish']).toBeLessThanOrEqual(200);
    expect(Object.keys(commands).filter((name) => /^b[lrz]|brpop/.test(name))).toEqual([]);
  });

  test('lets them in by three scripts at most when it has to begin to listen', async () => {
    const { locks } = await scene.process('one');
    const commands = await scene.commands(() =>
      Promise.all(Array.from({ length: 100 }, () => locks.run('k', { wait: '20s' }, () => undefined))),
    );

    expect(scriptsIn(commands)).toBeLessThanOrEqual(304);
    expect(commands['subscribe']).toBe(1);
  });

  test('serves waiters of several processes in the order in which Redis saw them', async () => {
    const processes = [await scene.process('one'), await scene.process('two'), await scene.process('three')];
    const [one] = processes;
    if (!one) throw new Error('no process');
    const lock = await one.locks.acquire('k');
    const order: number[] = [];
    const done: Promise<unknown>[] = [];
    for (let n = 0; n < 12; n++) {
      const { locks } = processes[n % 3] ?? one;
      done.push(locks.run('k', { wait: '20s' }, () => order.push(n)));
      await scene.waiting(one.locks, n + 1);
    }
    await lock.release();
    await Promise.all(done);

    expect(order).toEqual(Array.from({ length: 12 }, (_, n) => n));
  });

  test('asks nothing while it waits', async () => {
    const [one, two] = [await scene.process('one'), await scene.process('two')];
    const lock = await one.locks.acquire('k', { renew: false });
    const waiting = Array.from({ length: 20 }, () => two.locks.run('k', { wait: '20s' }, () => 'done'));
    await scene.waiting(one.locks, 20);
    const commands = await scene.commands(async () => {
      // Whatever the process had in mind has been said before Redis has answered this so often.
      for (let n = 0; n < 20; n++) await scene.connections();
    });
    expect(commands).toEqual({});
    await lock.release();

    expect(await Promise.all(waiting)).toHaveLength(20);
  });

  test('has one more connection once somebody waits, and no third', async () => {
    const { locks } = await scene.process('one');
    const before = await scene.connections();
    await locks.run('k', {}, () => 'done');
    expect(await locks.tryAcquire('k')).not.toBeNull();
    expect(await locks.tryAcquire('k')).toBeNull();
    expect(await scene.connections()).toBe(before);
    for (let n = 0; n < 3; n++) {
      await expect(locks.acquire('k', { wait: 20 })).rejects.toThrow(LockTimeoutError);
    }
    await listen(locks);

    expect(await scene.connections()).toBe(before + 1);
    expect(await scene.listeners()).toBe(1);
  });

  test('shows who has it, and how many wait, to every process', async () => {
    const [one, two] = [await scene.process('one'), await scene.process('two')];
    const lock = await one.locks.acquire('a b\n{c}', { ttl: '20s' });
    const waiting = two.locks.acquire(lock.key, { wait: '20s' });
    await scene.waiting(two.locks, 1, lock.key);
    const shown = await two.locks.inspect(lock.key);

    expect(shown).toMatchObject({ key: lock.key, owner: lock.owner, fencingToken: lock.fencingToken });
    expect(shown?.permits).toBe(Number.POSITIVE_INFINITY);
    expect(Number(shown?.until) - Number(shown?.since)).toBe(20_000);
    await lock.release();
    expect((await waiting).fencingToken).toBeGreaterThan(lock.fencingToken);
    expect(await two.locks.isHeld('other')).toBe(false);
  });

  test('takes it from who has it, and gives it to who waits', async () => {
    const [one, two] = [await scene.process('one'), await scene.process('two')];
    const lock = await one.locks.acquire('k', { ttl: 300 });
    const waiting = two.locks.acquire('k', { wait: '20s' });
    await scene.waiting(two.locks, 1);
    expect(await two.locks.forceRelease('k')).toBe(true);
    expect((await waiting).held).toBe(true);
    const lost = new Promise((resolve) => lock.signal.addEventListener('abort', resolve, { once: true }));
    await lost;

    expect(await lock.release()).toBe(false);
    expect((await waiting).held).toBe(true);
  });

  test('holds several keys, readers and permits as one rule', async () => {
    const [one, two] = [await scene.process('one'), await scene.process('two')];
    const both = await one.locks.acquire(['a', 'b']);
    const reader = await one.locks.acquire('r', { mode: 'read' });
    const permit = await one.locks.acquire('s', { permits: 2 });

    expect(await two.locks.tryAcquire(['b', 'c'])).toBeNull();
    expect(await two.locks.tryAcquire('r')).toBeNull();
    expect(await two.locks.tryAcquire('r', { mode: 'read' })).not.toBeNull();
    expect(await two.locks.tryAcquire('s', { permits: 2, take: 2 })).toBeNull();
    expect(await two.locks.tryAcquire('s', { permits: 2 })).not.toBeNull();
    expect([both.held, reader.permits, permit.permits]).toEqual([true, 1, 1]);
    await both.release();
    expect((await two.locks.acquire(['b', 'c'])).held).toBe(true);
  });
});
