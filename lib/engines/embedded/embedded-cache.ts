import type { MemorySettings, NewEntry, CacheEntry } from '../../cache/cache.store.js';
import { CachedValue } from '../../cache/cache.value.js';
import { EntryMemory } from '../../cache/memory/entry.memory.js';
import { idOf, type KeySpace } from '../../cache/memory/key.space.js';
import type { Clock } from '../../common/clock.js';
import { CacheLeases } from './embedded-cache.leases.js';

/** An entry in memory. */
export interface StoredEntry extends CacheEntry {
  readonly space: KeySpace;
  readonly key: string;
  readonly tags: readonly string[];
  /** From `freshUntil` to `keptUntil`, also where both are `Infinity`. */
  readonly graceMs: number;
  /** When it was stored, as the cache counts. */
  readonly stamp: number;
}

export type EntryContent = Pick<StoredEntry, 'value' | 'createdAt' | 'freshUntil' | 'graceMs' | 'tags'>;

/** After an invalidation: what is gone then leaves the memory. */
const SWEEP_AFTER_MS = 1_000;
/** A sweep looks at every entry, so a large memory is swept less often. */
const SWEEP_AFTER_MS_PER_ENTRY = 0.1;

/**
 * The entries of a cache and all its namespaces. Everything that is stored or invalidated has a number, higher than all
 * before it; an entry counts as gone when one of its namespaces or tags was invalidated later than it was stored.
 */
export class EmbeddedCache {
  readonly leases: CacheLeases;
  private readonly entries: EntryMemory<StoredEntry>;
  /** Path or marked tag → number of its last invalidation. */
  private readonly invalidated = new Map<string, number>();
  private cancelSweep: (() => void) | undefined;
  private stamps = 0;

  constructor(
    memory: MemorySettings,
    readonly clock: Clock,
  ) {
    this.entries = new EntryMemory(memory, clock);
    this.leases = new CacheLeases(clock);
  }

  get size(): number {
    return this.entries.size;
  }

  get bytes(): number {
    return this.entries.bytes;
  }

  find(id: string, now?: number): StoredEntry | undefined {
    const entry = this.entries.get(id, now);
    // Nearly always nothing has been invalidated since the last sweep.
    if (entry === undefined || this.invalidated.size === 0 || this.isValid(entry)) return entry;
    this.entries.delete(id);
    return undefined;
  }

  /** Stores it in place of what was there and ends a lease on it. Says whether there was room for it. */
  store(space: KeySpace, key: string, content: EntryContent): boolean {
    const id = idOf(space, key);
    this.leases.end(id);
    const { value, createdAt, freshUntil, graceMs, tags } = content;
    const keptUntil = freshUntil + graceMs;
    const stamp = ++this.stamps;
    const version = stamp.toString(36);
    const entry = { value, createdAt, freshUntil, keptUntil, version, tags, graceMs, stamp, space, key };
    return this.entries.set(id, entry, value.bytes + id.length, keptUntil);
  }

  /** Removes it and ends a lease on it. Says whether it was there. */
  delete(id: string): boolean {
    const found = this.find(id) !== undefined;
    this.entries.delete(id);
    this.leases.end(id);
    return found;
  }

  /** Removes the entries of a space whose key is wanted, and ends the leases on such keys. Says how many were there. */
  deleteWhere({ path }: KeySpace, wanted: (key: string) => boolean): number {
    this.leases.endAll((about) => about.path === path && wanted(about.key));
    let count = 0;
    for (const id of this.entries.keys()) {
      const entry = this.entries.peek(id);
      if (entry?.space.path === path && wanted(entry.key) && this.delete(id)) count++;
    }
    return count;
  }

  /** All entries of the space and those within it are gone; fills under way don't land. */
  invalidate({ path }: KeySpace): void {
    this.leases.endAll((about) => about.path.startsWith(path));
    if (path === '') this.forget();
    else this.invalidateOne(path);
  }

  invalidateTags(tags: readonly string[]): void {
    if (tags.length === 0) return;
    this.leases.endWhere((lease) => lease.lateTags || lease.tags.some((tag) => tags.includes(tag)));
    for (const tag of tags) this.invalidateOne(tagMark(tag));
  }

  /** Drops everything and stops the timers. */
  close(): void {
    this.leases.close();
    this.forget();
  }

  private forget(): void {
    this.entries.clear();
    this.invalidated.clear();
    this.cancelSweep?.();
    this.cancelSweep = undefined;
  }

  private invalidateOne(what: string): void {
    if (this.entries.size === 0) return;
    this.invalidated.set(what, ++this.stamps);
    this.cancelSweep ??= this.clock.after(SWEEP_AFTER_MS + this.entries.size * SWEEP_AFTER_MS_PER_ENTRY, () =>
      this.sweep(),
    );
  }

  private isValid({ space, tags, stamp }: StoredEntry): boolean {
    return (
      space.paths.every((path) => (this.invalidated.get(path) ?? 0) < stamp) &&
      tags.every((tag) => (this.invalidated.get(tagMark(tag)) ?? 0) < stamp)
    );
  }

  /** Nothing that is left has to be compared with what was invalidated so far. */
  private sweep(): void {
    this.cancelSweep = undefined;
    for (const id of this.entries.keys()) {
      const entry = this.entries.peek(id);
      if (entry && !this.isValid(entry)) this.entries.delete(id);
    }
    this.invalidated.clear();
  }
}

/** Paths begin with a digit, so nothing else can begin with this. */
const tagMark = (tag: string): string => `#${tag}`;

/** A new entry's content, as by that time. Its tags stay as they are now, whatever becomes of the list. */
export function contentOf({ text, freshMs, graceMs, tags }: NewEntry, now: number): EntryContent {
  const value = new CachedValue(text);
  return { value, createdAt: now, freshUntil: now + freshMs, graceMs, tags: tags.slice() };
}
