import { expect } from '@jest/globals';
import type { Clock } from '../../../lib/common/clock.js';
import { EmbeddedLockStore } from '../../../lib/engines/embedded/embedded-lock.store.js';
import { LockService } from '../../../lib/lock/lock.service.js';
import type { GrantedListener, LockStore } from '../../../lib/lock/lock.store.js';
import { QuorumLockStore } from '../../../lib/lock/quorum/quorum-lock.store.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { FragileLockStore } from '../lock/fragile-lock.store.js';

export const TIMEOUT_MS = 200;
export const DRIFT = 0.01;
export const TTL = 9_000;

/** More than any pause between two attempts, and than it takes to notice that a server is gone. */
export const SLACK = 5_000;

/** By how much the clock of each server is behind the one before: what day it is must not matter. */
const APART_MS = 3_600_000;

/** One process: what it sees of each server, and its locks over all of them. */
export interface QuorumProcess {
  readonly views: readonly FragileLockStore[];
  readonly store: QuorumLockStore;
  readonly locks: LockService;
}

/** Some servers, each with a clock that may run at another rate, and processes that have locks over them. */
export class QuorumScene {
  readonly clock = new ManualClock();
  readonly logger = new RecordingLogger();
  readonly servers: RestartableServer[];
  readonly processes: QuorumProcess[] = [];
  private readonly unhandled: unknown[] = [];

  /** @param rates how fast the clock of each server runs */
  constructor(rates: readonly number[] = [1, 1, 1]) {
    process.on('unhandledRejection', this.onUnhandled);
    const start = this.clock.now();
    this.servers = rates.map(
      (rate, at) =>
        new RestartableServer({
          now: () => start - at * APART_MS + (this.clock.now() - start) * rate,
          after: (delayMs, callback) => this.clock.after(delayMs / rate, callback),
        }),
    );
  }

  /** One more process. */
  process(): QuorumProcess {
    const views = this.servers.map((server) => new FragileLockStore(server));
    const store = new QuorumLockStore(views, { drift: DRIFT, timeoutMs: TIMEOUT_MS }, this.clock);
    const locks = new LockService(store, { ttlMs: TTL }, this.clock, this.logger);
    const one = { views, store, locks };
    this.processes.push(one);
    return one;
  }

  /** The server answers nobody, or everybody again. */
  away(at: number, how: FragileLockStore['away'] = 'before'): void {
    for (const { views } of this.processes) view(views, at).away = how;
  }

  /** Who has the lock on each of the servers. */
  async owners(key = 'k'): Promise<readonly (readonly string[])[]> {
    const states = await Promise.all(this.servers.map((server) => server.inspect(key)));
    return states.map(({ holders }) => holders.map(({ owner }) => owner));
  }

  /** Nobody has anything anywhere, or waits for it. */
  async isClean(key = 'k'): Promise<boolean> {
    const states = await Promise.all(this.servers.map((server) => server.inspect(key)));
    return states.every(({ holders, waiters }) => holders.length === 0 && waiters === 0);
  }

  /** Ends all of it. Nothing is left to happen, and nothing has failed unseen. */
  async close(): Promise<void> {
    for (const { locks, store, views } of this.processes) {
      for (const one of views) one.away = 'no';
      await locks.stop();
      store.close();
    }
    await settled();
    process.off('unhandledRejection', this.onUnhandled);
    for (const server of this.servers) server.close();
    expect(this.unhandled).toEqual([]);
    expect(this.clock.pending).toBe(0);
  }

  private readonly onUnhandled = (reason: unknown): void => void this.unhandled.push(reason);
}

/** A server that can lose everything. */
export class RestartableServer implements LockStore {
  private inner: EmbeddedLockStore;
  private readonly listeners: GrantedListener[] = [];

  constructor(private readonly clock: Clock) {
    this.inner = this.fresh();
  }

  restart(): void {
    this.inner.close();
    this.inner = this.fresh();
  }

  readonly tryAcquire: LockStore['tryAcquire'] = (claim) => this.inner.tryAcquire(claim);
  readonly acquire: LockStore['acquire'] = (claim) => this.inner.acquire(claim);
  readonly extend: LockStore['extend'] = (...args) => this.inner.extend(...args);
  readonly release: LockStore['release'] = (claim) => this.inner.release(claim);
  readonly look: LockStore['look'] = (key) => this.inner.look(key);
  readonly inspect: LockStore['inspect'] = (key) => this.inner.inspect(key);
  /** Tells of a hand-over, late or again. */
  readonly tell: GrantedListener = (...args) => this.listeners.forEach((listener) => listener(...args));
  readonly forceRelease: LockStore['forceRelease'] = (key) => this.inner.forceRelease(key);
  readonly onGap: LockStore['onGap'] = () => undefined;

  onGranted(listener: GrantedListener): void {
    this.listeners.push(listener);
  }

  close(): void {
    this.inner.close();
  }

  private fresh(): EmbeddedLockStore {
    const store = new EmbeddedLockStore(this.clock);
    store.onGranted(this.tell);
    return store;
  }
}

export function view(views: readonly FragileLockStore[], at: number): FragileLockStore {
  const one = views[at];
  if (!one) throw new Error(`there is no server ${at}`);
  return one;
}
