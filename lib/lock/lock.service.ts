import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { elapsed, type Clock } from '../common/clock.js';
import { toMs } from '../common/duration.js';
import { DepotConfigError, show } from '../common/errors.js';
import { checkKey } from '../common/key.js';
import type { DepotLogger } from '../common/logger.js';
import { Acquisition, type Patience } from './lock.acquisition.js';
import { LockLostError, LocksStoppedError, LockTimeoutError } from './lock.errors.js';
import { Hold, type LockSurroundings } from './lock.hold.js';
import { inspection, type LockInspection } from './lock.inspection.js';
import {
  DEFAULT_WAIT_MS,
  lockTerms,
  type AcquireOptions,
  type LockOptions,
  type LockTerms,
} from './lock.options.js';
import { LockReturns } from './lock.returns.js';
import { LockSet } from './lock.set.js';
import type { HandOver, LockClaim, LockStore } from './lock.store.js';
import { Lock } from './lock.js';
import { LockWaiters } from './lock.waiters.js';

export interface LockSettings {
  /** Ttl of a lock that is acquired without one. */
  readonly ttlMs: number;
}

/**
 * Locks by name, across all processes that share the engine. Who waits is served in order, and woken rather than polling.
 * Locks are not reentrant by themselves: acquiring what one holds already waits like anybody else, but for `within`.
 */
@Injectable()
export class LockService {
  private readonly waiters: LockWaiters<Acquisition>;
  private readonly returns: LockReturns;
  private readonly around: LockSurroundings;
  /** By owner. */
  private readonly held = new Map<string, Hold>();
  private readonly name = `${hostname().replace(/\s/g, '')}:${process.pid}:${randomBytes(6).toString('base64url')}`;
  private acquisitions = 0;
  private stopped = false;

  constructor(
    private readonly store: LockStore,
    private readonly settings: LockSettings,
    private readonly clock: Clock,
    logger: DepotLogger,
  ) {
    this.waiters = new LockWaiters(clock);
    this.returns = new LockReturns(store, clock);
    this.around = {
      store,
      clock,
      logger,
      returns: this.returns,
      began: (hold) => void this.held.set(hold.grant.claim.owner, hold),
      ended: (hold, how) => {
        this.held.delete(hold.grant.claim.owner);
        // One that was frozen for too long is out of the queue, with all who wait in this process.
        if (how === 'lost') this.waiters.lookAll(hold.key);
      },
    };
    store.onGranted((key, owner, handOver) => this.handed(key, owner, handOver));
    store.onGap(() => this.waiters.lookAll());
  }

  /**
   * Waits for the lock and returns it. Of several keys all or none are held: they are acquired one after the other, in the
   * same order by everybody, so that nobody waits for each other.
   *
   * @param key 1 to 1,024 characters; or several, at least one
   * @throws LockTimeoutError when it is not granted within `wait`
   * @throws the signal's reason when `signal` aborts first
   * @throws EngineUnavailableError when the engine can't be asked; once it waits, it rides out an engine that goes away
   * @throws LockLostError when `within` is lost or released, or the event loop was blocked until the time of the lock was over
   * @throws DepotConfigError for a bad key or option
   * @example await using lock = await locks.acquire(`stock:${sku}`, { ttl: '10s', wait: '2s' });
   */
  acquire(key: string, options?: AcquireOptions): Promise<Lock>;
  acquire(keys: readonly string[], options?: AcquireOptions): Promise<LockSet>;
  acquire(key: string | readonly string[], options?: AcquireOptions): Promise<Lock | LockSet>;
  async acquire(key: string | readonly string[], options: AcquireOptions = {}): Promise<Lock | LockSet> {
    const terms = lockTerms(options, this.settings.ttlMs);
    const waitMs = options.wait === undefined ? DEFAULT_WAIT_MS : toMs(options.wait, 'wait');
    const { signal } = options;
    const waitUntil = elapsed(this.clock) + waitMs;
    const lock = await this.each(key, options, terms, (name) => {
      signal?.throwIfAborted();
      const leftMs = typeof key === 'string' ? waitMs : waitUntil - elapsed(this.clock);
      if (leftMs <= 0) return this.try(name, terms);
      return this.stand(name, terms, { waitMs: leftMs, saidMs: waitMs, signal });
    });
    if (lock) return lock;
    throw new LockTimeoutError(typeof key === 'string' ? key : key.join(', '), waitMs);
  }

  /**
   * The lock if it is free and nobody waits for it, else `null`. Of several keys all or none.
   *
   * @throws EngineUnavailableError when the engine can't be asked
   * @throws LockLostError when `within` is lost or released
   * @throws DepotConfigError for a bad key or option
   */
  tryAcquire(key: string, options?: LockOptions): Promise<Lock | null>;
  tryAcquire(keys: readonly string[], options?: LockOptions): Promise<LockSet | null>;
  tryAcquire(key: string | readonly string[], options?: LockOptions): Promise<Lock | LockSet | null>;
  async tryAcquire(
    key: string | readonly string[],
    options: LockOptions = {},
  ): Promise<Lock | LockSet | null> {
    const terms = lockTerms(options, this.settings.ttlMs);
    return this.each(key, options, terms, (name) => this.try(name, terms));
  }

  /**
   * Runs `work` under the lock and releases it afterwards, whatever happens. When the lock is lost meanwhile its
   * `signal` aborts; the outcome is that of `work` all the same.
   *
   * @throws what `acquire` and `work` throw
   * @example const report = await locks.run('report', { ttl: '30s' }, (lock) => build(lock.signal));
   */
  run<T>(key: string, options: AcquireOptions, work: (lock: Lock) => Promise<T> | T): Promise<T>;
  run<T>(
    keys: readonly string[],
    options: AcquireOptions,
    work: (locks: LockSet) => Promise<T> | T,
  ): Promise<T>;
  async run<T>(
    key: string | readonly string[],
    options: AcquireOptions,
    work: (lock: never) => Promise<T> | T,
  ): Promise<T> {
    const lock = await this.acquire(key, options);
    try {
      return await work(lock as never);
    } finally {
      await lock.release();
    }
  }

  /**
   * Whether anybody has the lock, in any process. It may be over by the time one hears of it.
   *
   * @throws EngineUnavailableError when the engine can't be asked
   */
  async isHeld(key: string): Promise<boolean> {
    return (await this.inspect(key)) !== null;
  }

  /**
   * Who has the lock, since when, and how many wait for it; `null` when nobody has it.
   *
   * @throws EngineUnavailableError when the engine can't be asked
   */
  async inspect(key: string): Promise<LockInspection | null> {
    return inspection(key, await this.store.inspect(checkKey(key, 'lock key')));
  }

  /**
   * Takes the lock from everybody who has it and gives it to whoever waits: for one whose holder will not come back. A
   * holder that is alive learns of it when it renews the lock, after a third of its ttl at most, so only fencing tokens
   * protect what it does until then.
   *
   * @returns whether anybody had it
   * @throws EngineUnavailableError when the engine can't be asked
   */
  async forceRelease(key: string): Promise<boolean> {
    const wasHeld = (await this.store.forceRelease(checkKey(key, 'lock key'))) > 0;
    if (wasHeld) this.returns.watch(key);
    return wasHeld;
  }

  /**
   * Whoever waits is turned away, and locks that are held count as lost: they are not renewed any more. They are not
   * released either, since what they protect may still be running. Never rejects; harmless when repeated.
   */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const waiter of this.waiters.all()) waiter.giveUp(new LocksStoppedError());
    for (const hold of [...this.held.values()]) hold.lose('the application is closing');
    await this.returns.stop();
  }

  /** What `one` gets for the key, or for all keys together; `null` when it gets nothing for one of them. */
  private async each(
    key: string | readonly string[],
    { within }: LockOptions,
    { permits }: LockTerms,
    one: (key: string) => Promise<Lock | null>,
  ): Promise<Lock | LockSet | null> {
    const its = (name: string): Promise<Lock | null> | Lock =>
      heldIn(within, name)?.again(permits) ?? one(name);
    if (typeof key === 'string') return its(checkKey(key, 'lock key'));
    const locks: Lock[] = [];
    const release = (): Promise<unknown> => Promise.all(locks.map((lock) => lock.release()));
    try {
      for (const name of sortedKeys(key)) {
        const lock = await its(name);
        if (lock) locks.push(lock);
        else {
          await release();
          return null;
        }
      }
      return new LockSet(locks);
    } catch (error) {
      await release();
      throw error;
    }
  }

  private async try(key: string, terms: LockTerms): Promise<Lock | null> {
    const claim = this.claim(key, terms);
    const askedAt = elapsed(this.clock);
    try {
      const answer = await this.store.tryAcquire(claim);
      const until = askedAt + claim.ttlMs;
      if (!answer.granted) return null;
      const { renew } = terms;
      // Nobody would end it any more.
      if (this.stopped) throw new LocksStoppedError();
      // Should its time be over already, it is no lock.
      if (until <= elapsed(this.clock))
        throw new LockLostError(key, 'the engine took longer than its ttl to grant it');
      return new Lock(new Hold({ claim, token: answer.token, renew, until, handed: false }, this.around));
    } catch (error) {
      this.returns.giveBack(claim).catch(() => undefined);
      throw error;
    }
  }

  private async stand(key: string, terms: LockTerms, patience: Patience): Promise<Lock> {
    const claim = this.claim(key, terms);
    return new Lock(await new Acquisition(claim, terms.renew, patience, this.waiters, this.around).run());
  }

  private claim(key: string, { ttlMs, permits, limit }: LockTerms): LockClaim {
    if (this.stopped) throw new LocksStoppedError();
    return { key, owner: `${this.name}.${++this.acquisitions}`, ttlMs, permits, limit };
  }

  private handed(key: string, owner: string, handOver: HandOver): void {
    const waiter = this.waiters.find(key, owner);
    if (waiter) waiter.handed(handOver);
    // Its waiter has given up, and the word of that was lost on the way: the next one should not have to wait.
    else if (!this.held.has(owner)) {
      this.returns.giveBack({ key, owner, ttlMs: 1, permits: 1, limit: 1 }).then(
        // It had lapsed already, so all who wait in this process are out of the queue.
        (held) => held || this.waiters.lookAll(key),
        () => undefined,
      );
    }
  }
}

function heldIn(within: Lock | LockSet | undefined, key: string): Lock | undefined {
  if (within === undefined) return undefined;
  if (within instanceof LockSet) return within.find(key);
  if (within instanceof Lock) return within.key === key ? within : undefined;
  throw new DepotConfigError(`within is ${show(within)}; expected a Lock or a LockSet`);
}

/** In one order for everybody, each once. @throws DepotConfigError */
function sortedKeys(keys: readonly string[]): readonly string[] {
  if (!Array.isArray(keys) || keys.length === 0) {
    throw new DepotConfigError(
      `lock keys are ${Array.isArray(keys) ? 'an empty array' : show(keys)}; expected a key, or an array of at least one`,
    );
  }
  return [...new Set(keys.map((key) => checkKey(key, 'lock key')))].sort();
}
