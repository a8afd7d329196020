import { idOf, spaceIn, WHOLE_CACHE } from '../../../cache/memory/key.space.js';
import type { MemorySettings } from '../../../cache/cache.store.js';
import { EngineUnavailableError } from '../../../common/errors.js';
import { CACHE_INVALIDATE } from '../scripts/cache-invalidate.lua.js';
import { Amends } from './amends.js';
import type { CacheKeyName, SpaceKeys } from './cache-keys.js';
import { type CacheParts, type Place } from './cache-parts.js';
import type { StoredEntry } from './entry.text.js';
import { Epochs } from './epochs.js';
import { FarExpires, FarIncrements } from './far-changes.js';
import { FarClaims, FarFills, FarGiveUps } from './far-claims.js';
import { FarFinds } from './far-finds.js';
import { FarReads } from './far-reads.js';
import { FarDeletes, FarWrites } from './far-writes.js';
import type { Feed } from './feed.js';
import type { Leases } from './leases.js';
import { NearMemory, type Ticket } from './near.js';
import { OrderedBatch, type Kind } from './ordered-batch.js';
import type { Sweeper } from './sweeper.js';
import { Watches } from './watches.js';

/** What the caches of an engine share. */
export interface EngineParts extends Omit<CacheParts, 'epochs'> {
  readonly feed: Feed;
  readonly leases: Leases;
  readonly sweeper: Sweeper;
  /** Something is to be made good before Redis is asked anything else. */
  readonly owes: () => void;
}

type Listener = (id: string | undefined) => void;

/** A cache on Redis, with all its namespaces, as one process has it: what goes out, in order, and what comes in. */
export class RedisCache {
  readonly epochs: Epochs;
  readonly near: NearMemory | undefined;
  readonly watches = new Watches();
  readonly reads: FarReads;
  readonly writes: FarWrites;
  readonly deletes: FarDeletes;
  readonly expires: FarExpires;
  readonly increments: FarIncrements;
  readonly claims: FarClaims;
  readonly finds: FarFinds;
  readonly fills: FarFills;
  readonly giveUps: FarGiveUps;
  private readonly batch = new OrderedBatch();
  private readonly amends: Amends;
  private readonly listeners: Listener[] = [];

  constructor(
    readonly root: SpaceKeys,
    readonly shared: EngineParts,
    memory: MemorySettings | undefined,
  ) {
    const { link, texts, clock, news, feed } = shared;
    this.epochs = new Epochs(link, texts, () => clock.local.now());
    if (feed.isConfirmed) this.epochs.confirm();
    this.near = memory && new NearMemory(memory, clock.local);
    this.amends = new Amends(root, news);
    const parts = { ...shared, epochs: this.epochs };
    this.reads = new FarReads(parts);
    this.writes = new FarWrites(parts);
    this.deletes = new FarDeletes(parts);
    this.expires = new FarExpires(parts);
    this.increments = new FarIncrements(parts);
    this.claims = new FarClaims(parts);
    this.finds = new FarFinds(parts, this.claims);
    this.fills = new FarFills(parts);
    this.giveUps = new FarGiveUps(parts);
  }

  /** The answer to one item, in the order of all calls. */
  ask<T, R>(kind: Kind<T, R>, item: T): Promise<R> {
    this.shared.feed.start();
    return this.batch.add(kind, item);
  }

  askAll<T, R>(kind: Kind<T, R>, items: readonly T[]): Promise<readonly R[]> {
    this.shared.feed.start();
    return this.batch.addAll(kind, items);
  }

  /**
   * The answers of what removes or replaces these entries, which is made good when it can't be done now. This process has
   * them no more from the call on.
   */
  async change<T extends Place, R>(kind: Kind<T, R>, changes: readonly T[]): Promise<readonly R[]> {
    if (changes.length === 0) return [];
    for (const { id } of changes) this.near?.drop(id);
    try {
      return await this.askAll(kind, changes);
    } catch (error) {
      if (error instanceof EngineUnavailableError) {
        this.amends.remember(changes);
        this.shared.owes();
      }
      throw error;
    }
  }

  /** Removes epochs, in order; answers with what they were. */
  async invalidate(keys: readonly string[]): Promise<readonly string[]> {
    for (const key of keys) this.epochs.changed(key);
    // Without Redis nobody could tell which of them it was.
    if (!this.shared.link.isUp) this.near?.clear();
    try {
      return await this.askAll(this.invalidations, keys);
    } catch (error) {
      if (error instanceof EngineUnavailableError) this.missed(keys);
      throw error;
    }
  }

  /** Could not be done: these epochs go as soon as it can. */
  missed(epochs: readonly string[]): void {
    this.near?.clear();
    this.amends.rememberEpochs(epochs);
    this.shared.owes();
  }

  /** The entry, if it is in memory and what is known says that it is valid. */
  known(id: string, now?: number): StoredEntry | undefined {
    const { near, epochs } = this;
    if (near === undefined || !this.shared.feed.isTrusted()) return undefined;
    const entry = near.get(id, now);
    return entry === undefined || entry.validIn === epochs.generation ? entry : this.judged(id, entry);
  }

  /** What was known of it before Redis went away. */
  lastKnown(id: string): StoredEntry | undefined {
    const entry = this.near?.get(id);
    return entry && this.epochs.judge(entry) ? entry : undefined;
  }

  /** An answer of Redis comes into memory, unless something happened meanwhile. */
  keep(id: string, ticket: Ticket, entry: StoredEntry | undefined): void {
    const { near, shared } = this;
    if (!shared.feed.isConfirmed && near?.isEmpty === false) near.clear();
    near?.close(id, ticket, shared.feed.isConfirmed ? entry : undefined);
  }

  onChange(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** Somebody may have changed it. */
  changed(name: CacheKeyName, key: string): void {
    if (name.kind === 'epoch') {
      this.epochs.changed(key);
      return;
    }
    const id = idAt(name.path, name.key);
    this.near?.drop(id);
    this.watches.fire(key);
    this.tell(id);
  }

  /** Somebody has ended a lease, or invalidated something. */
  news(name: CacheKeyName, key: string): void {
    if (name.kind === 'epoch') {
      this.watches.fireAll();
      this.tell(undefined);
      return;
    }
    this.watches.fire(key);
    this.tell(idAt(name.path, name.key));
  }

  /** All changes are told from now on. */
  feedConfirmed(): void {
    this.epochs.confirm();
    this.near?.clear();
    // What happened until now was not.
    this.tell(undefined);
  }

  feedLost(): void {
    this.epochs.suspend();
    this.near?.dropTickets();
    this.watches.fireAll();
    this.tell(undefined);
  }

  flushed(): void {
    this.epochs.forget();
    this.near?.clear();
    this.watches.fireAll();
    this.tell(undefined);
  }

  /** Redis does not answer: those who wait try for themselves. */
  wentAway(): void {
    this.watches.fireAll();
  }

  /** Redis answers again. What it missed was made good. */
  cameBack(): void {
    this.epochs.forget();
    this.near?.clear();
  }

  /** Whether something should have been removed that is still there. */
  get owes(): boolean {
    return !this.amends.isEmpty;
  }

  /** Removes it. */
  makeAmends(link: CacheParts['link']): Promise<void> {
    return this.amends.make(link);
  }

  private readonly invalidations: Kind<string, string> = {
    send: async (keys) => {
      const { link, news } = this.shared;
      // One after the other where they are not in one place: their order matters.
      const found: string[] = [];
      for (const some of link.slots.clustered ? keys.map((one) => [one]) : [keys]) {
        // Once more: what was asked for since the call, and is answered before this, brings the old ones.
        for (const key of some) this.epochs.changed(key);
        found.push(...((await link.run(CACHE_INVALIDATE, some, [news])) as string[]));
      }
      return found;
    },
  };

  private judged(id: string, entry: StoredEntry): StoredEntry | undefined {
    const valid = this.epochs.judge(entry);
    if (valid) entry.validIn = this.epochs.generation;
    else if (valid === false) this.near?.drop(id);
    return valid ? entry : undefined;
  }

  private tell(id: string | undefined): void {
    for (const listener of this.listeners) listener(id);
  }
}

/** What a key is called in this process, from its path on Redis. */
function idAt(path: string, key: string): string {
  const names = path.split('/').slice(1).map(decodeURIComponent);
  return idOf(names.reduce(spaceIn, WHOLE_CACHE), key);
}
