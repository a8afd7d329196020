import type { Clock } from '../../common/clock.js';
import { SortedSet } from './sorted-set.js';

/** Expired records that one `set` drops: more than it can add, so that expired ones never pile up. */
const PURGED_PER_SET = 4;

/**
 * Values by key, each with or without an expiry by the clock. An expired record is never returned; it also leaves the
 * memory without anyone asking for it, by one timer for the earliest expiry.
 */
export class Records<V> {
  private readonly values = new Map<string, V>();
  private readonly expiries = new SortedSet();
  private timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(private readonly clock: Clock) {}

  /** Records in memory; expired ones that no timer has dropped yet are among them. */
  get size(): number {
    return this.values.size;
  }

  get(key: string): V | undefined {
    this.dropIfExpired(key);
    return this.values.get(key);
  }

  has(key: string): boolean {
    this.dropIfExpired(key);
    return this.values.has(key);
  }

  /** Stores the value for `ttlMs`, or without end when left out. What was there before is gone, its expiry included. */
  set(key: string, value: V, ttlMs?: number): void {
    this.purge(PURGED_PER_SET);
    this.values.set(key, value);
    if (ttlMs === undefined) this.expiries.delete(key);
    else this.expiries.set(key, this.clock.now() + ttlMs);
    this.arm();
  }

  /** Says whether it was there. */
  delete(key: string): boolean {
    this.dropIfExpired(key);
    this.expiries.delete(key);
    return this.values.delete(key);
  }

  /** Time since the epoch, in ms, at which the record expires; `undefined`: never, or no such record. */
  expiresAt(key: string): number | undefined {
    this.dropIfExpired(key);
    return this.expiries.score(key);
  }

  keys(): IterableIterator<string> {
    this.purge(Number.POSITIVE_INFINITY);
    return this.values.keys();
  }

  clear(): void {
    this.values.clear();
    this.expiries.clear();
    this.disarm();
  }

  /** Stops the timer. Nothing is kept. */
  close(): void {
    this.clear();
  }

  private dropIfExpired(key: string): void {
    const at = this.expiries.score(key);
    if (at === undefined || at > this.clock.now()) return;
    this.expiries.delete(key);
    this.values.delete(key);
  }

  private purge(limit: number): void {
    for (const key of this.expiries.popUpTo(this.clock.now(), limit)) this.values.delete(key);
  }

  /** A timer that is early, because its record went before, costs one look; a late one is replaced. */
  private arm(): void {
    const first = this.expiries.first();
    if (!first) {
      this.disarm();
      return;
    }
    if (this.timer && this.timer.at <= first.score) return;
    this.disarm();
    const cancel = this.clock.after(first.score - this.clock.now(), () => {
      this.timer = undefined;
      this.purge(Number.POSITIVE_INFINITY);
      this.arm();
    });
    this.timer = { at: first.score, cancel };
  }

  private disarm(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}
