import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DepotConfigError, EngineUnavailableError } from '../../../lib/common/errors.js';
import { EmbeddedLockStore } from '../../../lib/engines/embedded/embedded-lock.store.js';
import type { LockAnswer } from '../../../lib/lock/lock.store.js';
import { QuorumLockStore } from '../../../lib/lock/quorum/quorum-lock.store.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { FragileLockStore } from '../lock/fragile-lock.store.js';
import { claimOf, outcomeOf } from '../lock/lock.scene.js';
import { DRIFT, QuorumScene, TIMEOUT_MS, TTL, view, type QuorumProcess } from './quorum.scene.js';

describe('a quorum of lock servers', () => {
  let scene: QuorumScene;
  let one: QuorumProcess;
  let other: QuorumProcess;

  beforeEach(() => {
    scene = new QuorumScene();
    one = scene.process();
    other = scene.process();
  });
  afterEach(() => scene.close());

  const tokenOf = (answer: LockAnswer): number => {
    if (answer.granted) return answer.token;
    throw new Error('not granted');
  };

  describe.each(['tryAcquire', 'acquire'] as const)('%s', (method) => {
    test('grants what all servers grant, in two rounds', async () => {
      const answer = await one.store[method](claimOf('ann'));

      expect(answer.granted).toBe(true);
      await settled();
      expect(await scene.owners()).toEqual([['ann'], ['ann'], ['ann']]);
      for (const { calls } of one.views) expect(calls).toEqual([method, 'extend']);
    });

    test('grants what two of three grant', async () => {
      scene.away(1);

      expect((await one.store[method](claimOf('ann'))).granted).toBe(true);
      expect(await scene.owners()).toEqual([['ann'], [], ['ann']]);
    });

    test('does not wait for a server that is slow', async () => {
      const arrive = view(one.views, 2).slow('requests');

      expect((await one.store[method](claimOf('ann'))).granted).toBe(true);
      arrive();
      await settled();
    });

    test('says in bounded time that a majority is away, and which servers', async () => {
      scene.away(0);
      scene.away(1);
      const refused = outcomeOf(one.store[method](claimOf('ann')));
      await scene.clock.advance(2 * TIMEOUT_MS);

      expect(refused.reason).toBeInstanceOf(EngineUnavailableError);
      expect((refused.reason as Error).message).toBe(
        "1 of 3 lock servers answered; 2 are needed: Can't reach Redis",
      );
    });

    test('says so in bounded time when they give no answer at all', async () => {
      const arrive = [view(one.views, 1).slow('requests'), view(one.views, 2).slow('answers')];
      const refused = outcomeOf(one.store[method](claimOf('ann')));
      await scene.clock.advance(2 * TIMEOUT_MS);

      expect(refused.reason).toBeInstanceOf(EngineUnavailableError);
      expect((refused.reason as Error).message).toBe(
        '1 of 3 lock servers answered; 2 are needed: No answer from lock server 2 within 200 ms; No answer from lock server 3 within 200 ms',
      );
      for (const each of arrive) each();
      await one.store.release(claimOf('ann'));
      await settled();
      expect(await scene.isClean()).toBe(true);
    });

    test('gives back what came too late for anybody', async () => {
      scene.away(0);
      const arrive = view(one.views, 1).slow('requests');
      const refused = outcomeOf(one.store[method](claimOf('ann')));
      await scene.clock.advance(2 * TIMEOUT_MS);
      expect(refused.state).toBe('rejected');
      arrive();
      await one.store.release(claimOf('ann')).catch(() => undefined);
      await settled();

      expect(await scene.isClean()).toBe(true);
    });

    test('refuses a semaphore, which majorities cannot count', async () => {
      const guest = claimOf('ann', { permits: 1, limit: 2 });

      await expect(one.store[method](guest)).rejects.toThrow(DepotConfigError);
      await expect(one.store[method](guest)).rejects.toThrow("majorities of servers can't count them");
    });

    test('grants greater tokens although the servers have counted differently', async () => {
      const tokens: number[] = [];
      // The first server is hours ahead of the others: a majority without it grants far smaller tokens by itself.
      for (const away of [2, 0, 1, 0, 2, 0]) {
        scene.away(away);
        tokens.push(tokenOf(await one.store[method](claimOf(`owner${tokens.length}`))));
        await one.store.release(claimOf(`owner${tokens.length - 1}`));
        scene.away(away, 'no');
      }

      expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    });
  });

  test('writes the greatest token back: after 10, 5 and 5 comes 11, and 12 from those who had 5', async () => {
    // Tokens are those of the servers alone, as long as their clocks say nothing.
    const clock = new ManualClock(0);
    const servers = await Promise.all(
      [10, 5, 5].map(async (token) => {
        const server = new EmbeddedLockStore(clock);
        await server.tryAcquire(claimOf('past'));
        await server.extend(claimOf('past'), TTL, token);
        await server.release(claimOf('past'));
        return server;
      }),
    );
    const views = servers.map((server) => new FragileLockStore(server));
    const store = new QuorumLockStore(views, { drift: DRIFT, timeoutMs: TIMEOUT_MS }, clock);

    view(views, 2).away = 'before';
    expect(await store.tryAcquire(claimOf('ann'))).toEqual({ granted: true, token: 11 });
    await store.release(claimOf('ann'));
    view(views, 2).away = 'no';
    view(views, 0).away = 'before';
    expect(await store.tryAcquire(claimOf('bob'))).toEqual({ granted: true, token: 12 });
    store.close();
    for (const server of servers) server.close();
  });

  test('refuses what others have, and gives back what it got of it', async () => {
    scene.away(0);
    await one.store.tryAcquire(claimOf('ann'));
    scene.away(0, 'no');

    expect(await other.store.tryAcquire(claimOf('bob'))).toMatchObject({ granted: false });
    await settled();
    expect(await scene.owners()).toEqual([[], ['ann'], ['ann']]);
  });

  test('refuses both of two who get a part each', async () => {
    scene.away(2);
    const arrive = [view(one.views, 1).slow('requests'), view(other.views, 0).slow('requests')];
    const both = [
      outcomeOf(one.store.tryAcquire(claimOf('ann'))),
      outcomeOf(other.store.tryAcquire(claimOf('bob'))),
    ];
    await settled();
    for (const each of arrive) each();
    await settled();
    await settled();

    expect(both.map(({ value }) => value)).toEqual([
      expect.objectContaining({ granted: false }),
      expect.objectContaining({ granted: false }),
    ]);
    await settled();
    expect(await scene.isClean()).toBe(true);
  });

  test('is not won without the second round', async () => {
    const arrive = [view(one.views, 0).slow('answers'), view(one.views, 1).slow('answers')];
    const tried = outcomeOf(one.store.tryAcquire(claimOf('ann')));
    await settled();
    expect(await scene.owners()).toEqual([['ann'], ['ann'], ['ann']]);
    scene.away(0);
    scene.away(1);
    for (const each of arrive) each();
    await settled();

    expect((tried.reason as Error).message).toContain('1 of 3 lock servers answered; 2 are needed');
  });

  test('does not count a server that has let the lock expire before the second round', async () => {
    const claim = claimOf('ann', { ttlMs: 50 });
    const arrive = [view(one.views, 1).slow('answers'), view(one.views, 2).slow('answers')];
    const tried = outcomeOf(one.store.tryAcquire(claim));
    await scene.clock.advance(100);
    for (const each of arrive) each();
    await settled();

    expect(tried.value).toMatchObject({ granted: false });
  });

  test.each([
    ['a writer beside a writer', claimOf('ann'), claimOf('bob'), false],
    ['a reader beside a writer', claimOf('ann'), claimOf('bob', { permits: 1 }), false],
    ['a writer beside a reader', claimOf('ann', { permits: 1 }), claimOf('bob'), false],
    ['a reader beside a reader', claimOf('ann', { permits: 1 }), claimOf('bob', { permits: 1 }), true],
  ])('goes by the one server that two majorities share: %s', async (_, first, second, granted) => {
    scene.away(0);
    await one.store.tryAcquire(first);
    scene.away(0, 'no');
    scene.away(2);

    expect(await other.store.tryAcquire(second)).toMatchObject({ granted });
  });

  test('keeps the lock on the servers for as long as its holder may count on it', async () => {
    const fast = new QuorumScene([1 + DRIFT, 1 + DRIFT, 1 + DRIFT]);
    const [holder, next] = [fast.process(), fast.process()];
    await holder.store.tryAcquire(claimOf('ann'));
    await fast.clock.advance(TTL - 1);
    expect(await next.store.tryAcquire(claimOf('bob'))).toMatchObject({ granted: false });
    await fast.clock.advance(2 + TTL * DRIFT);

    expect(await next.store.tryAcquire(claimOf('bob'))).toMatchObject({ granted: true });
    await fast.close();
  });

  test('tells what a majority agrees on', async () => {
    await one.store.tryAcquire(claimOf('ann'));
    // Something that one server alone has.
    await scene.servers[0]?.forceRelease('k');
    await scene.servers[0]?.tryAcquire(claimOf('stranger'));
    await other.store.acquire(claimOf('bob'));

    expect(await one.store.inspect('k')).toMatchObject({ holders: [{ owner: 'ann' }], waiters: 1 });
    scene.away(1);
    scene.away(2);
    await expect(one.store.inspect('k')).rejects.toThrow('1 of 3 lock servers answered');
  });

  test('takes a lock by force from a majority', async () => {
    await one.store.tryAcquire(claimOf('ann'));
    scene.away(2);

    expect(await other.store.forceRelease('k')).toBe(1);
    expect(await one.store.extend(claimOf('ann'), TTL).catch((error: unknown) => error)).toBe(false);
    expect(await other.store.forceRelease('k')).toBe(0);
  });
});
