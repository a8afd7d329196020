import type { Clock } from '../../common/clock.js';
import {
  HAND_OVER_MS,
  TOKEN_KEPT_MS,
  type GrantedListener,
  type LockAnswer,
  type LockClaim,
  type LockRelease,
  type LockState,
  type LockStore,
} from '../../lock/lock.store.js';
import { Records } from './records.js';

interface Holder {
  readonly since: number;
  readonly until: number;
  readonly permits: number;
  readonly token: number;
}

interface LockRecord {
  /** The newest one of the key. */
  token: number;
  /** Permits that are out. */
  out: number;
  /** By owner. Whoever was granted it first comes first. */
  readonly holders: Map<string, Holder>;
  /** By owner. Who waits longest comes first. */
  readonly waiting: Map<string, LockClaim>;
}

/** Locks in the memory of this process. */
export class EmbeddedLockStore implements LockStore {
  private readonly records: Records<LockRecord>;
  private readonly listeners: GrantedListener[] = [];

  constructor(private readonly clock: Clock) {
    this.records = new Records(clock);
  }

  tryAcquire(claim: LockClaim): Promise<LockAnswer> {
    return Promise.resolve(this.ask(this.current(claim.key), claim));
  }

  acquire(claim: LockClaim): Promise<LockAnswer> {
    const lock = this.current(claim.key);
    const answer = this.ask(lock, claim);
    // Who is there already keeps his place.
    if (!answer.granted) lock.waiting.set(claim.owner, claim);
    return Promise.resolve(answer);
  }

  extend(claim: LockClaim, ttlMs: number, token = 0): Promise<boolean> {
    const lock = this.current(claim.key);
    const holder = lock.holders.get(claim.owner);
    if (!holder) return Promise.resolve(false);
    lock.token = Math.max(lock.token, token);
    this.hold(lock, claim, holder, ttlMs);
    return Promise.resolve(true);
  }

  release({ key, owner }: LockClaim): Promise<LockRelease> {
    const lock = this.current(key);
    lock.waiting.delete(owner);
    const held = lock.holders.has(owner);
    this.takeFrom(lock, owner);
    // Those who wait in this process are told, and live as long as the lock does: there is nobody to watch.
    this.handOver(key, lock);
    return Promise.resolve({ held, watch: false });
  }

  look(key: string): Promise<boolean> {
    this.current(key);
    return Promise.resolve(false);
  }

  inspect(key: string): Promise<LockState> {
    const { holders, waiting } = this.current(key);
    const shown = [...holders].map(([owner, holder]) => ({ owner, ...holder }));
    return Promise.resolve({ holders: shown, waiters: waiting.size });
  }

  forceRelease(key: string): Promise<number> {
    const lock = this.current(key);
    const { size } = lock.holders;
    for (const owner of [...lock.holders.keys()]) this.takeFrom(lock, owner);
    this.handOver(key, lock);
    return Promise.resolve(size);
  }

  onGranted(listener: GrantedListener): void {
    this.listeners.push(listener);
  }

  onGap(): void {
    // Nothing is lost on the way within one process.
  }

  /** Drops everything and stops the timer. */
  close(): void {
    this.records.close();
  }

  private ask(lock: LockRecord, claim: LockClaim): LockAnswer {
    const now = this.clock.now();
    const own = lock.holders.get(claim.owner);
    if (own) this.hold(lock, claim, own, claim.ttlMs);
    else if (lock.waiting.size === 0 && hasRoom(lock, claim)) this.grant(lock, claim, claim.ttlMs);
    const { token } = lock.holders.get(claim.owner) ?? {};
    if (token !== undefined) return { granted: true, token };
    const first = Math.min(...[...lock.holders.values()].map(({ until }) => until));
    return { granted: false, leftMs: first - now, at: now };
  }

  /** The lock as it stands now: those whose time is over have lost it to the first ones who wait. */
  private current(key: string): LockRecord {
    const lock: LockRecord = this.records.get(key) ?? {
      token: 0,
      out: 0,
      holders: new Map<string, Holder>(),
      waiting: new Map<string, LockClaim>(),
    };
    const now = this.clock.now();
    for (const [owner, { until }] of lock.holders) if (until <= now) this.takeFrom(lock, owner);
    if (lock.waiting.size > 0) this.handOver(key, lock);
    return lock;
  }

  private takeFrom(lock: LockRecord, owner: string): void {
    lock.out -= lock.holders.get(owner)?.permits ?? 0;
    lock.holders.delete(owner);
  }

  private handOver(key: string, lock: LockRecord): void {
    for (const [owner, claim] of lock.waiting) {
      if (!hasRoom(lock, claim)) return;
      lock.waiting.delete(owner);
      const { token, until } = this.grant(lock, claim, Math.min(claim.ttlMs, HAND_OVER_MS));
      queueMicrotask(() => this.listeners.forEach((listener) => listener(key, owner, { token, until })));
    }
  }

  private grant(lock: LockRecord, claim: LockClaim, ttlMs: number): Holder {
    const now = this.clock.now();
    // From the clock, in microseconds, so that tokens grow even when the last one is forgotten.
    lock.token = Math.max(lock.token + 1, Math.floor(now) * 1_000);
    lock.out += claim.permits;
    return this.hold(
      lock,
      claim,
      { since: now, until: now, permits: claim.permits, token: lock.token },
      ttlMs,
    );
  }

  private hold(lock: LockRecord, { key, owner }: LockClaim, holder: Holder, ttlMs: number): Holder {
    const now = this.clock.now();
    const held = { ...holder, until: now + ttlMs };
    lock.holders.set(owner, held);
    const keptUntil = Math.max(this.records.expiresAt(key) ?? 0, held.until + TOKEN_KEPT_MS);
    this.records.set(key, lock, keptUntil - now);
    return held;
  }
}

const hasRoom = ({ out }: LockRecord, { permits, limit }: LockClaim): boolean => out + permits <= limit;
