import type { KeyHash } from './filter.hash.js';
import type { FilterShape } from './filter.shape.js';

/** Bloom filters of an engine, by name. */
export interface FilterStore {
  /** @param path cache, namespaces in it and name of the filter; each 1 character or more, whatever they are */
  open(path: readonly string[], shape: FilterShape): FilterBits;
}

/**
 * The bits of one filter. It answers once it was built completely; when it never was, or is lost in whatever way, it
 * does not, and nothing brings back half of it. Everything rejects with EngineUnavailableError when the engine does not
 * answer.
 */
export interface FilterBits {
  /** Whether all bits of each key are set, in order; true for all of them while the filter is not complete. */
  contains(keys: readonly KeyHash[]): Promise<readonly boolean[]>;

  /**
   * Sets the bits of the keys, each key at once: in this filter if it is complete, in the one that is being built, and in
   * those of other shapes under the same name, which other versions of the application may use. Harmless when repeated.
   */
  add(keys: readonly KeyHash[]): Promise<void>;

  /** Begins a filter that is to take this one's place; `undefined`: one is being built already. */
  build(): Promise<FilterBuild | undefined>;

  look(): Promise<FilterState>;

  /** Forgets the filter, of whatever shape, and what is being built. */
  clear(): Promise<void>;
}

/** A filter that is being built. When its process dies it goes away by itself, soon. */
export interface FilterBuild {
  /** Sets the bits of the keys; says whether it is still there. */
  add(keys: readonly KeyHash[]): Promise<boolean>;
  /** Puts it in place of the old one, at once; says whether it was still there. */
  complete(): Promise<boolean>;
  /** Removes it; harmless afterwards. Never rejects. */
  abandon(): Promise<void>;
}

export interface FilterState {
  /** Whether it was built completely and is still there. */
  readonly ready: boolean;
  /** Whether one is being built. */
  readonly building: boolean;
  /** Bits that are set. */
  readonly set: number;
}
