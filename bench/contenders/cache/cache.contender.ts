/** What is cached in every measure: about 100 bytes of JSON. */
export interface Item {
  readonly id: number;
  readonly to: string;
  readonly subject: string;
  readonly at: number;
  readonly tags: readonly string[];
}

/** A cache as its users call it; nothing of a contender's own API is measured without. */
export interface Cache {
  readonly get: (key: string) => Promise<Item | undefined>;
  readonly set: (key: string, item: Item) => Promise<unknown>;
  /** Left out by what has no such call. */
  readonly getOrSet?: (key: string, factory: () => Promise<Item>) => Promise<Item>;
  readonly close: () => Promise<unknown>;
}

/** Where a contender keeps its values: in the process, each caller with a copy or all with one object, or on Redis. */
export type Tier = 'memory' | 'shared' | 'redis';

/** Opens a cache of a tier; `url` is that of the Redis, which only that tier uses. */
export type OpenCache = (url: string) => Promise<Cache>;

export interface CacheContender {
  readonly name: string;
  /** What was chosen for it and why, in a line. */
  readonly settings: string;
  /** Those that it has. */
  readonly tiers: Partial<Record<Tier, OpenCache>>;
}

/** How long every value is kept: none expires while it is measured. */
export const TTL_MS = 300_000;

/** Items of one process that are all there at once: fewer than any contender keeps by default. */
export const ITEMS = 500;

export function item(id: number): Item {
  return {
    id,
    to: 'ann@example.com',
    subject: 'Welcome to the shop',
    at: 1_763_740_000_000,
    tags: ['new', 'eu'],
  };
}
