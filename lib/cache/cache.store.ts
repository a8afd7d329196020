/**
 * What an engine does for a cache: texts by key, each with or without an expiry by the engine's clock. It knows nothing
 * of what the texts mean. Every method is atomic; calls of one process take effect in the order in which they were made.
 */
export interface CacheStore {
  /** The text that is stored under the key and has not expired. */
  get(key: string): Promise<string | undefined>;

  /** Stores the text in place of what was there. It expires after `ttlMs` (whole, at least 1); left out: never. */
  set(key: string, text: string, ttlMs?: number): Promise<void>;

  /** Whether the key has a text that has not expired. */
  has(key: string): Promise<boolean>;

  /** Removes the text; says whether there was one. */
  delete(key: string): Promise<boolean>;
}
