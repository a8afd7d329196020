/** What is cached in every measure: about 100 bytes of JSON. */
export interface Item {
  readonly id: number;
  readonly to: string;
  readonly subject: string;
  readonly at: number;
  readonly tags: readonly string[];
}

/** Gets the keys that are missing, and makes their items, in order. */
export type ManyItems = (missing: readonly string[]) => Promise<readonly Item[]>;

/** A cache as its users call it. What is left out has no such call. */
export interface Cache {
  readonly get: (key: string) => Promise<Item | undefined>;
  readonly set: (key: string, item: Item) => Promise<unknown>;
  readonly delete: (key: string) => Promise<unknown>;
  /** At once, from the memory of the process. */
  readonly peek?: (key: string) => Item | undefined;
  readonly getOrSet?: (key: string, factory: () => Promise<Item>) => Promise<Item>;
  /** With one call of the factory; by several calls of the library where it has none for it. */
  readonly getOrSetMany?: (
    keys: readonly string[],
    factory: ManyItems,
  ) => Promise<readonly (Item | undefined)[]>;
  readonly close: () => Promise<unknown>;
}

/** How a cache is opened. */
export interface Place {
  /** In the process alone; on Redis alone; or in the process in front of Redis, kept coherent as far as the library can. */
  readonly where: 'memory' | 'redis' | 'tiers';
  /** Whether every caller gets a copy or all get one object. @default 'copies' */
  readonly values?: 'copies' | 'one object';
  /** Told not to wait for a Redis that does not answer, with what the library has for it. @default false */
  readonly impatient?: boolean;
}

/** A cache library: opens a cache in such a place, given the URL of the Redis. */
export type CacheContender = (place: Place, redis: string) => Promise<Cache>;

/** How long every value is kept: none expires while it is measured. */
export const TTL_MS = 300_000;

/** After so long a library that is impatient does without an answer, if it can be told to: depot's default. */
export const PATIENCE_MS = 40;

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

/** What is wanted of these keys, by what a library can do for many: to get them, and to set what was missing. */
export async function getOrSetMany(
  keys: readonly string[],
  factory: ManyItems,
  getMany: (keys: string[]) => Promise<readonly (Item | undefined)[]>,
  setMany: (made: readonly (readonly [string, Item])[]) => Promise<unknown>,
): Promise<readonly (Item | undefined)[]> {
  const found = await getMany([...keys]);
  const missing = keys.filter((_, at) => found[at] === undefined);
  const items = missing.length === 0 ? [] : await factory(missing);
  const made = new Map(items.map((one, at) => [missing[at] ?? '', one]));
  if (made.size > 0) await setMany([...made]);
  return keys.map((key, at) => found[at] ?? made.get(key));
}
