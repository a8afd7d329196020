/** What is cached in every measure: about 100 bytes of JSON. */
export interface Item {
  readonly id: number;
  readonly to: string;
  readonly subject: string;
  readonly at: number;
  readonly tags: readonly string[];
}

/** A cache as its users call it. */
export interface Cache {
  get(key: string): Promise<Item | undefined>;
  set(key: string, item: Item): Promise<unknown>;
  /** Left out by what has no such call. */
  getOrSet?(key: string, factory: () => Promise<Item>): Promise<Item>;
  close(): Promise<unknown>;
}

/** Where values are: in the process, every caller with a copy or all with one object, or on Redis and nowhere else. */
export type Tier = 'copies' | 'one object' | 'redis';

/** A cache library: how each of the tiers that it has is opened, given the URL of the Redis. */
export type CacheContender = Partial<Readonly<Record<Tier, (redis: string) => Promise<Cache>>>>;

/** How long every value is kept: none expires while it is measured. */
export const TTL_MS = 300_000;

/** So many are there at once: fewer than any contender keeps by default. */
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
