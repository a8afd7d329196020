import type { CacheLink } from './cache-link.js';
import type { Epochs } from './epochs.js';
import type { ServerClock } from './server-clock.js';
import type { SpaceKeys } from './cache-keys.js';
import type { UniqueTexts } from './unique-texts.js';

/** What those who ask Redis for a cache have in common. */
export interface CacheParts {
  readonly link: CacheLink;
  readonly epochs: Epochs;
  readonly clock: ServerClock;
  readonly texts: UniqueTexts;
  /** The channel for those who wait. */
  readonly news: string;
}

/** Where an entry is. */
export interface Place {
  readonly space: SpaceKeys;
  /** What its key is called in this process. */
  readonly id: string;
  /** Its name on Redis. */
  readonly entry: string;
}

/** Keys and arguments of a script that takes entry and lease of many places. */
export const pairs = (places: readonly Place[]): readonly string[] =>
  places.flatMap(({ space, entry }) => [entry, space.leaseOf(entry)]);

/** The items at these indexes. */
export function pick<T>(items: readonly T[], group: readonly number[]): readonly T[] {
  return group.length === items.length ? items : group.map((at) => items[at] as T);
}
