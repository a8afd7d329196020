import type { Ability } from '../contenders/cache/cache.abilities.js';
import type { Better, Part, Stage } from '../harness/suite.js';

/** A few rows of the table of the cache, and how they are measured. */
export interface CacheRows {
  readonly rows: Readonly<Record<string, CacheRow>>;
  readonly parts: (stage: Stage) => readonly Part[];
}

export interface CacheRow {
  readonly better: Better;
  /** Who can't do that has no such row. */
  readonly needs: Ability;
}
