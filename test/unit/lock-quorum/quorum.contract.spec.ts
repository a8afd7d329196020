import { EmbeddedLockStore } from '../../../lib/engines/embedded/embedded-lock.store.js';
import type { LockClaim, LockStore } from '../../../lib/lock/lock.store.js';
import { QuorumLockStore } from '../../../lib/lock/quorum/quorum-lock.store.js';
import { ttlOnServers } from '../../../lib/lock/quorum/quorum.terms.js';
import { describeLockStore } from '../../contract/lock-store.contract.js';
import { ManualClock, settled } from '../../support/manual-clock.js';

const SETTINGS = { drift: 0, timeoutMs: 200 };

/** As long as all servers are there and agree, three of them do what one does. */
describeLockStore('a quorum of three', async () => {
  const clock = new ManualClock();
  const servers = [1, 2, 3].map(() => new EmbeddedLockStore(clock));
  const quorum = new CountingQuorum(servers.map(toTheMillisecond), SETTINGS, clock);
  const store = inPeace(quorum);
  return {
    store,
    other: store,
    isShared: false,
    now: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    jump: async (ms) => clock.jump(ms),
    forget: async () => servers.forEach((server) => server.close()),
    heard: settled,
    close: async () => {
      quorum.close();
      for (const server of servers) server.close();
    },
  };
});

class CountingQuorum extends QuorumLockStore {
  protected override check(): void {
    // It is right about semaphores, too, as long as no server differs from the others.
  }
}

/** A server that keeps locks for no longer than their owner was promised: the contract says to the millisecond when they end. */
function toTheMillisecond(server: LockStore): LockStore {
  const allowanceMs = ttlOnServers(0, SETTINGS.drift);
  const promised = (claim: LockClaim): LockClaim => ({ ...claim, ttlMs: claim.ttlMs - allowanceMs });
  return {
    tryAcquire: (claim) => server.tryAcquire(promised(claim)),
    acquire: (claim) => server.acquire(promised(claim)),
    extend: (claim, ttlMs, token) => server.extend(claim, ttlMs - allowanceMs, token),
    release: (claim) => server.release(claim),
    look: (key) => server.look(key),
    inspect: (key) => server.inspect(key),
    forceRelease: (key) => server.forceRelease(key),
    onGranted: (listener) => server.onGranted(listener),
    onGap: (listener) => server.onGap(listener),
  };
}

/** Whoever is handed a lock has asked all servers for it before anybody does anything else. */
function inPeace(store: LockStore): LockStore {
  const peace = async <T>(call: Promise<T>): Promise<T> => {
    const answer = await call;
    await settled();
    return answer;
  };
  return {
    tryAcquire: (claim) => peace(store.tryAcquire(claim)),
    acquire: (claim) => peace(store.acquire(claim)),
    extend: (claim, ttlMs, token) => peace(store.extend(claim, ttlMs, token)),
    release: (claim) => peace(store.release(claim)),
    look: (key) => peace(store.look(key)),
    inspect: (key) => peace(store.inspect(key)),
    forceRelease: async (key) => {
      // One who is handed it by this very call may be on his way to the others, and is taken from the first one only.
      await peace(store.look(key));
      return peace(store.forceRelease(key));
    },
    onGranted: (listener) => store.onGranted(listener),
    onGap: (listener) => store.onGap(listener),
  };
}
