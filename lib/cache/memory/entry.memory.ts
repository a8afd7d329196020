import { LRUCache } from 'lru-cache';
import type { Clock } from '../../common/clock.js';
import type { MemorySettings } from '../cache.store.js';
import { ExpiryHeap, type Expiring } from './expiry.heap.js';

interface Slot<V> extends Expiring {
  readonly key: string;
  readonly value: V;
  readonly bytes: number;
}

/** Up to so many the LRU list has its arrays made at once, which is faster; beyond, they grow with what is in them. */
const MADE_AT_ONCE = 65_536;
/** Expired entries that one `set` drops: more than it can add, so that they never pile up. */
const DROPPED_PER_SET = 4;
/** And one call of the timer: a few milliseconds of work. */
const DROPPED_PER_TURN = 10_000;
/** The timer goes off no more often, however many entries expire, unless it has left some over. */
const PAUSE_MS = 1_000;

/**
 * Values by key in the memory of this process, bounded in number and in bytes, each with or without an expiry. An
 * expired one is never returned, and leaves by itself within a second.
 */
export class EntryMemory<V> {
  private readonly slots: Map<string, Slot<V>> | LRUCache<string, Slot<V>>;
  /** The same slots, where the one that was not used for longest goes. */
  private readonly recent: LRUCache<string, Slot<V>> | undefined;
  /** Slots that expire. */
  private readonly expiring = new ExpiryHeap<Slot<V>>();
  private timer: { readonly at: number; readonly cancel: () => void } | undefined;
  private restsUntil = 0;
  private held = 0;
  private orders = 0;

  constructor(
    private readonly settings: MemorySettings,
    private readonly clock: Clock,
  ) {
    this.recent = settings.policy === 'lru' ? leastRecentlyUsed(settings.maxEntries) : undefined;
    this.slots = this.recent ?? new Map<string, Slot<V>>();
  }

  get size(): number {
    this.dropExpired(Number.POSITIVE_INFINITY);
    return this.slots.size;
  }

  /** What those that are kept were said to have. */
  get bytes(): number {
    this.dropExpired(Number.POSITIVE_INFINITY);
    return this.held;
  }

  /** @param now the time, if the caller knows it: to ask the clock takes longer than to look the entry up */
  get(key: string, now?: number): V | undefined {
    const slot = this.slots.get(key);
    if (slot === undefined) return undefined;
    if (slot.expiresAt > (now ?? this.clock.now())) return slot.value;
    this.drop(slot);
    return undefined;
  }

  /** The same, and does not count as use. */
  peek(key: string): V | undefined {
    const slot = this.find(key);
    if (slot === undefined) return undefined;
    if (slot.expiresAt > this.clock.now()) return slot.value;
    this.drop(slot);
    return undefined;
  }

  /**
   * Keeps the value in place of what was there, and lets others go if there are too many. Says whether it is kept: one
   * that is larger than all may be together, or expired, is not, and what was there is gone all the same.
   *
   * @param expiresAt by the clock; `Infinity`: never
   */
  set(key: string, value: V, bytes: number, expiresAt: number): boolean {
    const now = this.clock.now();
    const old = this.find(key);
    if (old) this.drop(old);
    this.dropExpired(DROPPED_PER_SET, now);
    const until = Math.min(expiresAt, now + this.settings.ttlMs);
    if (bytes > this.settings.maxBytes || until <= now) return false;
    while (this.slots.size >= this.settings.maxEntries || this.held + bytes > this.settings.maxBytes) {
      if (!this.dropOne()) return false;
    }
    const slot: Slot<V> = { key, value, bytes, expiresAt: until, order: this.orders++, place: -1 };
    this.slots.set(key, slot);
    this.held += bytes;
    if (until !== Number.POSITIVE_INFINITY) {
      this.expiring.add(slot);
      this.arm();
    }
    return true;
  }

  /** Says whether there was one that had not expired. */
  delete(key: string): boolean {
    const slot = this.find(key);
    if (slot === undefined) return false;
    this.drop(slot);
    return slot.expiresAt > this.clock.now();
  }

  clear(): void {
    this.slots.clear();
    this.expiring.clear();
    this.held = 0;
    this.disarm();
  }

  /** Keys of those that have not expired, at the time of the call: changes while one goes through them do no harm. */
  keys(): string[] {
    this.dropExpired(Number.POSITIVE_INFINITY);
    return [...this.slots.keys()];
  }

  private find(key: string): Slot<V> | undefined {
    return this.recent ? this.recent.peek(key) : this.slots.get(key);
  }

  private drop(slot: Slot<V>): void {
    this.slots.delete(slot.key);
    this.forget(slot);
  }

  private forget(slot: Slot<V>): void {
    this.expiring.remove(slot);
    this.held -= slot.bytes;
  }

  /** Lets one go, as the policy has it; says whether there was one. */
  private dropOne(): boolean {
    if (this.recent) {
      const slot = this.recent.pop();
      if (slot) this.forget(slot);
      return slot !== undefined;
    }
    // Where nothing expires it is the oldest one, with which a map begins.
    const slot = this.expiring.first() ?? this.slots.values().next().value;
    if (slot) this.drop(slot);
    return slot !== undefined;
  }

  /** Says how many there were. */
  private dropExpired(limit: number, now?: number): number {
    let slot = this.expiring.first();
    if (!slot) return 0;
    const until = now ?? this.clock.now();
    let dropped = 0;
    for (; slot && slot.expiresAt <= until && dropped < limit; dropped++) {
      this.drop(slot);
      slot = this.expiring.first();
    }
    return dropped;
  }

  /** One timer for the earliest. One that is early, because its entry went before, costs a look; a late one is replaced. */
  private arm(): void {
    const first = this.expiring.first();
    if (!first) return;
    const at = Math.max(first.expiresAt, this.restsUntil);
    if (this.timer && this.timer.at <= at) return;
    this.disarm();
    const cancel = this.clock.after(at - this.clock.now(), () => {
      this.timer = undefined;
      const isDone = this.dropExpired(DROPPED_PER_TURN) < DROPPED_PER_TURN;
      this.restsUntil = this.clock.now() + (isDone ? PAUSE_MS : 0);
      this.arm();
    });
    this.timer = { at, cancel };
  }

  private disarm(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}

function leastRecentlyUsed<S extends object>(max: number): LRUCache<string, S> {
  return new LRUCache(
    max <= MADE_AT_ONCE ? { max } : { maxSize: Number.MAX_SAFE_INTEGER, sizeCalculation: () => 1 },
  );
}
