import type { Clock } from '../../../common/clock.js';
import type { CacheSize, MemorySettings } from '../../../cache/cache.store.js';
import { EntryMemory } from '../../../cache/memory/entry.memory.js';
import type { StoredEntry } from './entry.text.js';

/** A question that is under way. What it brings is kept if nothing was heard of the key since it was asked. */
export interface Ticket {
  dirty: boolean;
  open: number;
}

/**
 * What a process has in memory of a cache on Redis. An entry comes in only by a ticket that was opened before it was asked
 * for, and goes as soon as anything is heard of its key (docs/protocol.md: A16).
 */
export class NearMemory {
  private readonly entries: EntryMemory<StoredEntry>;
  private readonly tickets = new Map<string, Ticket>();

  constructor(settings: MemorySettings, clock: Clock) {
    this.entries = new EntryMemory(settings, clock);
  }

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }

  get size(): CacheSize {
    return { entries: this.entries.size, bytes: this.entries.bytes };
  }

  /** @param now the time, if the caller knows it */
  get(key: string, now?: number): StoredEntry | undefined {
    return this.entries.get(key, now);
  }

  open(key: string): Ticket {
    let ticket = this.tickets.get(key);
    if (ticket) ticket.open++;
    else this.tickets.set(key, (ticket = { dirty: false, open: 1 }));
    return ticket;
  }

  close(key: string, ticket: Ticket, entry?: StoredEntry): void {
    if (--ticket.open === 0 && this.tickets.get(key) === ticket) this.tickets.delete(key);
    if (!entry || ticket.dirty || !isWellFormed(key)) return;
    this.entries.set(key, entry, entry.value.bytes + 2 * key.length, entry.keptUntil);
  }

  /** Something has happened to the key. */
  drop(key: string): void {
    this.entries.delete(key);
    const ticket = this.tickets.get(key);
    if (!ticket) return;
    ticket.dirty = true;
    // Who asks from now on asks after it.
    this.tickets.delete(key);
  }

  /** Anything may have happened to any key. */
  clear(): void {
    this.entries.clear();
    this.dropTickets();
  }

  /** What was asked for by now does not come in. */
  dropTickets(): void {
    for (const ticket of this.tickets.values()) ticket.dirty = true;
    this.tickets.clear();
  }
}

/** Half a surrogate pair is another character on Redis, so nothing would be heard of such a key. */
const isWellFormed = (key: string): boolean => !/\p{Surrogate}/u.test(key);
