import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EngineUnavailableError } from '../../lib/common/errors.js';
import { HAND_OVER_MS } from '../../lib/lock/lock.store.js';
import { eventually } from '../support/eventually.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { RedisLockScene, type LockProcess } from './redis-locks.scene.js';

/** Long before a hand-over that nobody takes up is over. */
const AT_ONCE_MS = HAND_OVER_MS / 3;

describe('a lock on Redis is handed over', () => {
  let scene: RedisLockScene;
  let one: LockProcess;

  beforeEach(async () => {
    scene = await RedisLockScene.start();
    one = await scene.process('one');
  });

  afterEach(() => scene.close());

  const sinceOf = (began: number): number => performance.now() - began;

  test('at once although a process stands first that died', async () => {
    const [dead, two] = [await scene.process('dead'), await scene.process('two')];
    const lock = await one.locks.acquire('k');
    const buried = Array.from({ length: 5 }, () => dead.locks.acquire('k', { wait: '20s' }));
    for (const each of buried) each.catch(() => undefined);
    await scene.waiting(one.locks, 5);
    const waiting = two.locks.acquire('k', { wait: '20s' });
    await scene.waiting(one.locks, 6);
    await dead.die();
    await eventually(async () => expect(await scene.listeners()).toBe(1));
    const began = performance.now();
    await lock.release();

    expect((await waiting).held).toBe(true);
    expect(sinceOf(began)).toBeLessThan(AT_ONCE_MS);
    expect(await one.locks.inspect('k')).toMatchObject({ waiters: 0 });
  });

  test('although nobody released it, since its process died', async () => {
    const dead = await scene.process('dead');
    await dead.locks.acquire('k', { ttl: 400 });
    const waiting = one.locks.acquire('k', { wait: '10s' });
    await dead.die();

    expect((await waiting).held).toBe(true);
  });

  test('soon although the connection was cut by which it is heard', async () => {
    const two = await scene.process('two');
    const lock = await one.locks.acquire('k');
    const waiting = [1, 2, 3].map(() => two.locks.run('k', { wait: '20s' }, () => undefined));
    await scene.waiting(one.locks, 3);
    const began = performance.now();
    await scene.server.command('CLIENT KILL TYPE pubsub');
    await lock.release();
    await Promise.all(waiting);

    expect(sinceOf(began)).toBeLessThan(AT_ONCE_MS);
  });

  test('soon although everything was cut again and again', async () => {
    await using proxy = await startProxy({ port: scene.server.port });
    const two = await scene.process('two', proxy.urlOf(scene.server.url));
    for (let n = 0; n < 5; n++) {
      const lock = await one.locks.acquire('k', { wait: '20s' });
      const waiting = two.locks.run('k', { wait: '20s' }, () => undefined);
      // Asked by the same connection, so it knows that it waits.
      await scene.waiting(two.locks, 1);
      proxy.cut();
      await lock.release();
      await waiting;
      await eventually(async () => expect(await two.locks.isHeld('other')).toBe(false));
    }

    expect(await one.locks.isHeld('k')).toBe(false);
  });

  describe('over a way that breaks', () => {
    let proxy: TcpProxy;
    let far: LockProcess;

    beforeEach(async () => {
      proxy = await startProxy({ port: scene.server.port });
      far = await scene.process('far', proxy.urlOf(scene.server.url));
    });

    afterEach(() => proxy.close());

    test('to the next one when the first one is silent, who stands in the queue again afterwards', async () => {
      const two = await scene.process('two');
      const lock = await one.locks.acquire('k');
      const silent = [1, 2].map(() => far.locks.run('k', { wait: '20s' }, () => 'served'));
      await scene.waiting(one.locks, 2);
      const waiting = two.locks.acquire('k', { wait: '20s' });
      await scene.waiting(one.locks, 3);
      proxy.blackhole();
      const began = performance.now();
      await lock.release();
      const next = await waiting;
      const after = sinceOf(began);
      proxy.restore();
      await eventually(async () => expect(await one.locks.inspect('k')).toMatchObject({ waiters: 2 }));
      await next.release();

      expect(await Promise.all(silent)).toEqual(['served', 'served']);
      expect(after).toBeGreaterThanOrEqual(HAND_OVER_MS - 50);
      expect(after).toBeLessThan(HAND_OVER_MS + AT_ONCE_MS);
    });

    test('and a grant whose answer was lost is taken back', async () => {
      await far.locks.run('k', {}, () => undefined);
      const lost = proxy.dropReplies('{k}');
      const asked = far.locks.acquire('k', { ttl: '1h' });
      await expect(asked).rejects.toThrow(EngineUnavailableError);
      await lost;

      await eventually(async () => expect(await one.locks.isHeld('k')).toBe(false));
      await expect(far.locks.run('k', { wait: '5s' }, () => 'served')).resolves.toBe('served');
    });

    test('and a release whose answer was lost has happened', async () => {
      const lock = await far.locks.acquire('k', { ttl: '1h' });
      const lost = proxy.dropReplies('{k}');

      expect(await lock.release()).toBe(false);
      await lost;
      expect(await one.locks.isHeld('k')).toBe(false);
      expect(lock.signal.aborted).toBe(false);
    });

    test('and a renewal whose answer was lost does not lose the lock', async () => {
      const lock = await far.locks.acquire('k', { ttl: 1_500 });
      await proxy.dropReplies('{k}');
      const granted = Number((await one.locks.inspect('k'))?.until);
      await eventually(async () =>
        expect(Number((await one.locks.inspect('k'))?.until)).toBeGreaterThan(granted + 1_000),
      );

      expect(lock.held).toBe(true);
      expect(await lock.release()).toBe(true);
    });
  });
});
