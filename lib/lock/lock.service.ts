import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { wait, type Clock } from '../common/clock.js';
import { EngineUnavailableError } from '../common/errors.js';
import { toMs } from '../common/duration.js';
import { checkKey } from '../common/key.js';
import type { DepotLogger } from '../common/logger.js';
import { LocksStoppedError, LockTimeoutError } from './lock.errors.js';
import { DEFAULT_WAIT_MS, lockTtlMs, type AcquireOptions, type LockOptions } from './lock.options.js';
import { Patience } from './lock.patience.js';
import type { LockStore } from './lock.store.js';
import { Lock, type LockGrant } from './lock.js';
import { LockWaiters, type Ring, type Waiter } from './lock.waiters.js';

export interface LockSettings {
  /** Ttl of a lock that is acquired without one. */
  readonly ttlMs: number;
}

/** Pause of a waiter whose engine is away. */
const RETRY_MS = 500;

/**
 * Locks by name, across all processes that share the engine. Who waits is served in order, and woken rather than polling.
 * Locks are not reentrant: acquiring what one holds already waits like anybody else.
 */
@Injectable()
export class LockService {
  private readonly waiters: LockWaiters;
  private readonly waiting = new Set<Patience>();
  private readonly held = new Map<string, Lock>();
  private readonly givenBack = new Set<Promise<unknown>>();
  private readonly name = randomBytes(9).toString('base64url');
  private acquisitions = 0;
  private stopped = false;

  constructor(
    private readonly store: LockStore,
    private readonly settings: LockSettings,
    private readonly clock: Clock,
    private readonly logger: DepotLogger,
  ) {
    this.waiters = new LockWaiters(clock);
    store.onGranted((key, owner) => this.handed(key, owner));
    store.onGap(() => this.waiters.lookAll());
  }

  /**
   * Waits for the lock and returns it.
   *
   * @param key 1 to 1,024 characters
   * @throws LockTimeoutError when it is not granted within `wait`
   * @throws the signal's reason when `signal` aborts first
   * @throws EngineUnavailableError when the engine can't be asked; once it waits, it rides out an engine that goes away
   * @throws DepotConfigError for a bad key or option
   * @example await using lock = await locks.acquire(`stock:${sku}`, { ttl: '10s', wait: '2s' });
   */
  async acquire(key: string, options: AcquireOptions = {}): Promise<Lock> {
    const terms = this.terms(key, options);
    const waitMs = options.wait === undefined ? DEFAULT_WAIT_MS : toMs(options.wait, 'wait');
    options.signal?.throwIfAborted();
    if (waitMs === 0) {
      const lock = await this.try(terms);
      if (lock) return lock;
      throw new LockTimeoutError(key, waitMs);
    }
    const failure: { cause?: unknown } = {};
    const timeout = (): Error => new LockTimeoutError(key, waitMs, failure);
    const patience = new Patience(this.clock, waitMs, timeout, options.signal);
    this.waiting.add(patience);
    try {
      return await patience.await(this.stand(terms, patience.signal, failure), (lock) => void lock.release());
    } finally {
      patience.end();
      this.waiting.delete(patience);
    }
  }

  /**
   * The lock if it is free, else `null`.
   *
   * @throws EngineUnavailableError when the engine can't be asked
   * @throws DepotConfigError for a bad key or option
   */
  async tryAcquire(key: string, options: LockOptions = {}): Promise<Lock | null> {
    return this.try(this.terms(key, options));
  }

  /**
   * Runs `work` under the lock and releases it afterwards, whatever happens. When the lock is lost meanwhile its
   * `signal` aborts; the outcome is that of `work` all the same.
   *
   * @throws what `acquire` and `work` throw
   * @example const report = await locks.run('report', { ttl: '30s' }, (lock) => build(lock.signal));
   */
  async run<T>(key: string, options: AcquireOptions, work: (lock: Lock) => Promise<T> | T): Promise<T> {
    const lock = await this.acquire(key, options);
    try {
      return await work(lock);
    } finally {
      await lock.release();
    }
  }

  /**
   * Whoever waits is turned away, and locks that are held count as lost: they are not renewed any more. They are not
   * released either, since what they protect may still be running. Never rejects; harmless when repeated.
   */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const patience of [...this.waiting]) patience.giveUp(new LocksStoppedError());
    for (const lock of [...this.held.values()]) lock.lose('the application is closing');
    await Promise.allSettled(this.givenBack);
  }

  private terms(key: string, options: LockOptions): Terms {
    checkKey(key, 'lock key');
    if (this.stopped) throw new LocksStoppedError();
    const ttlMs = options.ttl === undefined ? this.settings.ttlMs : lockTtlMs(options.ttl, 'ttl');
    return { key, owner: `${this.name}.${++this.acquisitions}`, ttlMs, renew: options.renew ?? true };
  }

  private async try(terms: Terms): Promise<Lock | null> {
    const { key, owner, ttlMs } = terms;
    const askedAt = this.clock.now();
    try {
      const answer = await this.store.tryAcquire(key, owner, ttlMs);
      return answer.granted ? this.take({ ...terms, token: answer.token, askedAt }) : null;
    } catch (error) {
      this.giveBack(key, owner);
      throw error;
    }
  }

  /** Stands in line until the lock is granted. Whoever leaves without it says so, after the last answer came. */
  private async stand(terms: Terms, signal: AbortSignal, failure: { cause?: unknown }): Promise<Lock> {
    const waiter = this.waiters.enter(terms.key, terms.owner);
    const wake = (): void => waiter.ring('look');
    signal.addEventListener('abort', wake, { once: true });
    try {
      return await this.askUntilGranted(terms, waiter, signal, failure);
    } catch (error) {
      this.giveBack(terms.key, terms.owner);
      throw error;
    } finally {
      signal.removeEventListener('abort', wake);
      this.waiters.leave(waiter);
    }
  }

  private async askUntilGranted(
    terms: Terms,
    waiter: Waiter,
    signal: AbortSignal,
    failure: { cause?: unknown },
  ): Promise<Lock> {
    const { key, owner, ttlMs } = terms;
    for (let first = true, ring: Ring = 'look'; ; first = false, ring = await waiter.heard()) {
      signal.throwIfAborted();
      const askedAt = this.clock.now();
      const answer = await this.store.acquire(key, owner, ttlMs).catch((error: unknown) => {
        if (first || !(error instanceof EngineUnavailableError)) throw error;
        failure.cause = error;
      });
      signal.throwIfAborted();
      if (answer?.granted) return this.take({ ...terms, token: answer.token, askedAt });
      if (!answer) {
        await wait(this.clock, RETRY_MS * (1 + Math.random()), signal);
        waiter.ring('look');
        continue;
      }
      this.waiters.takenFor(waiter, answer.leftMs);
      // Handed over and gone again: this process was too late, and is out of the queue with all who wait in it.
      if (ring === 'handed') this.waiters.lookAll(key);
    }
  }

  private take(grant: LockGrant): Lock {
    const { store, clock, logger } = this;
    const lock = new Lock(grant, { store, clock, logger, ended: (ended) => this.held.delete(ended.owner) });
    this.held.set(lock.owner, lock);
    return lock;
  }

  private handed(key: string, owner: string): void {
    const waiter = this.waiters.find(key, owner);
    if (waiter) {
      waiter.ring('handed');
      return;
    }
    // Its waiter has given up, and the word of that was lost on the way: the next one should not have to wait.
    if (!this.held.has(owner)) this.giveBack(key, owner);
  }

  /** Says that the owner wants nothing any more. If that fails too, what it has ends by its ttl. */
  private giveBack(key: string, owner: string): void {
    const over = (): void => void this.givenBack.delete(done);
    const done: Promise<void> = this.store.release(key, owner).then(over, over);
    this.givenBack.add(done);
  }
}

type Terms = Omit<LockGrant, 'token' | 'askedAt'>;
