import { EngineUnavailableError } from '../common/errors.js';
import type { CacheEntry, CacheSize, CacheStore, Claim, ClaimRequest, NewEntry } from './cache.store.js';

/** Whether the main store was away the last time that it was asked; of a cache and all its namespaces. */
interface Standing {
  away: boolean;
}

/**
 * A store that another one stands in for while it is away. What was kept there meanwhile is forgotten as soon as the main
 * one answers again: nobody else has seen it, and nobody has told it of changes.
 */
export class FallbackStore implements CacheStore {
  /** @param root of both, where what is to be forgotten is forgotten */
  constructor(
    private readonly main: CacheStore,
    private readonly standIn: CacheStore,
    private readonly standing: Standing = { away: false },
    private readonly root: CacheStore = standIn,
  ) {}

  /** Never of the other store: whoever finds everything there would not see that the main one is back. */
  peek(key: string, now?: number): CacheEntry | undefined {
    return this.main.peek(key, now);
  }

  read(key: string): Promise<CacheEntry | undefined> {
    return this.ask((store) => store.read(key));
  }

  readMany(keys: readonly string[]): Promise<readonly (CacheEntry | undefined)[]> {
    return this.ask((store) => store.readMany(keys));
  }

  claim(requests: readonly ClaimRequest[]): Promise<readonly Claim[]> {
    return this.ask((store) => store.claim(requests));
  }

  increment(key: string, by: number, freshMs: number): Promise<number> {
    return this.ask((store) => store.increment(key, by, freshMs));
  }

  expire(key: string, freshMs: number): Promise<boolean> {
    return this.ask((store) => store.expire(key, freshMs));
  }

  write(entries: readonly (NewEntry & { readonly key: string })[]): Promise<void> {
    return this.change((store) => store.write(entries));
  }

  delete(keys: readonly string[]): Promise<number> {
    return this.change((store) => store.delete(keys));
  }

  deleteMatching(pattern: string): Promise<number> {
    return this.change((store) => store.deleteMatching(pattern));
  }

  invalidate(): Promise<void> {
    return this.change((store) => store.invalidate());
  }

  invalidateTags(tags: readonly string[]): Promise<void> {
    return this.change((store) => store.invalidateTags(tags));
  }

  namespace(name: string): CacheStore {
    const { main, standIn, standing, root } = this;
    return new FallbackStore(main.namespace(name), standIn.namespace(name), standing, root);
  }

  idOf(key: string): string {
    return this.main.idOf(key);
  }

  onChange(listener: (id: string | undefined) => void): void {
    this.main.onChange(listener);
    // Their ids are the same: both make them of names and keys alone.
    this.standIn.onChange(listener);
  }

  size(): CacheSize {
    const [main, standIn] = [this.main.size(), this.standIn.size()];
    return { entries: main.entries + standIn.entries, bytes: main.bytes + standIn.bytes };
  }

  /** The main store's answer, or the other one's. */
  private async ask<T>(question: (store: CacheStore) => Promise<T>): Promise<T> {
    try {
      return await this.askMain(question);
    } catch (error) {
      if (!(error instanceof EngineUnavailableError)) throw error;
      return question(this.standIn);
    }
  }

  /** Both are changed, and whoever asked hears that the main one was not. */
  private async change<T>(work: (store: CacheStore) => Promise<T>): Promise<T> {
    try {
      return await this.askMain(work);
    } catch (error) {
      if (error instanceof EngineUnavailableError) await work(this.standIn);
      throw error;
    }
  }

  private async askMain<T>(question: (store: CacheStore) => Promise<T>): Promise<T> {
    try {
      const answer = await question(this.main);
      if (this.standing.away) await this.welcome();
      return answer;
    } catch (error) {
      if (error instanceof EngineUnavailableError) this.standing.away = true;
      throw error;
    }
  }

  private async welcome(): Promise<void> {
    this.standing.away = false;
    try {
      await this.root.invalidate();
    } catch (error) {
      // It is away itself, and makes good what it missed before it is read again.
      if (!(error instanceof EngineUnavailableError)) throw error;
    }
  }
}
