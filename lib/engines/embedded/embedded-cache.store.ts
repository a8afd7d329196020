import type { CacheStore } from '../../cache/cache.store.js';
import type { Clock } from '../../common/clock.js';
import { Records } from './records.js';

/** A cache in the memory of this process. */
export class EmbeddedCacheStore implements CacheStore {
  private readonly records: Records<string>;

  constructor(clock: Clock) {
    this.records = new Records(clock);
  }

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.records.get(key));
  }

  set(key: string, text: string, ttlMs?: number): Promise<void> {
    this.records.set(key, text, ttlMs);
    return Promise.resolve();
  }

  has(key: string): Promise<boolean> {
    return Promise.resolve(this.records.has(key));
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.records.delete(key));
  }

  /** Drops everything and stops the timer. */
  close(): void {
    this.records.close();
  }
}
