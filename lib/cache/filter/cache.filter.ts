/** Says of keys that they can't exist, or may. `docs/cache.md` has how. */
export interface CacheFilter {
  /** False: it was never added. True: it may have been, or nobody knows. */
  mightContain(key: string): Promise<boolean>;
}
