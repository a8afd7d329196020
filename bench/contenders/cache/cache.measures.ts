import { setTimeout as pause } from 'node:timers/promises';
import { ITEMS, item, type Cache, type Item } from './cache.contender.js';

const KEYS = Array.from({ length: ITEMS }, (_, id) => `item:${id}`);

/** Stores the items that are asked for. */
export async function fill(cache: Cache): Promise<void> {
  for (const [id, key] of KEYS.entries()) await cache.set(key, item(id));
}

/** Microseconds of a hit, each awaited. */
export async function hit(cache: Cache, count: number): Promise<number> {
  const begun = process.hrtime.bigint();
  for (let i = 0; i < count; i++) check(await cache.get(keyOf(i)), i);
  return Number(process.hrtime.bigint() - begun) / 1_000 / count;
}

/** Milliseconds of each hit, one after the other. */
export async function latencies(cache: Cache, count: number): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const begun = process.hrtime.bigint();
    const found = await cache.get(keyOf(i));
    taken.push(Number(process.hrtime.bigint() - begun) / 1e6);
    check(found, i);
  }
  return taken;
}

export interface Load {
  readonly callers: number;
  readonly count: number;
}

export const gets = (cache: Cache, load: Load): Promise<number> =>
  rate(load, async (i) => check(await cache.get(keyOf(i)), i));

export const sets = (cache: Cache, load: Load): Promise<number> =>
  rate(load, async (i) => cache.set(keyOf(i), item(i % ITEMS)));

export const hitsOrSets = (cache: Cache, load: Load): Promise<number> => {
  const missed = (): never => {
    throw new Error('the factory was called for a key that is there');
  };
  return rate(load, async (i) => check(await getOrSet(cache, keyOf(i), missed), i));
};

export interface ColdKey {
  readonly key: string;
  readonly callers: number;
  /** When all of them ask, by `process.hrtime`, in milliseconds. */
  readonly at: number;
  /** How long the factory takes. */
  readonly factoryMs: number;
}

/** How often this process called its factory for a key that nobody has. */
export async function cold(cache: Cache, { key, callers, at, factoryMs }: ColdKey): Promise<number> {
  let calls = 0;
  const factory = async (): Promise<Item> => {
    calls++;
    await pause(factoryMs);
    return item(0);
  };
  await pause(at - Number(process.hrtime.bigint()) / 1e6);
  await Promise.all(
    Array.from({ length: callers }, async () => check(await getOrSet(cache, key, factory), 0)),
  );
  return calls;
}

/** Calls a second of so many callers that each wait for one call before the next. */
async function rate({ callers, count }: Load, call: (i: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  const begun = process.hrtime.bigint();
  await Promise.all(Array.from({ length: callers }, caller));
  return (count * 1e9) / Number(process.hrtime.bigint() - begun);
}

const keyOf = (i: number): string => KEYS[i % ITEMS] ?? '';

function check(found: Item | undefined, i: number): void {
  const id = i % ITEMS;
  if (found?.id !== id)
    throw new Error(`asked for item ${id}, got ${found === undefined ? 'none' : found.id}`);
}

function getOrSet(cache: Cache, key: string, factory: () => Promise<Item>): Promise<Item> {
  if (!cache.getOrSet) throw new Error('has no getOrSet');
  return cache.getOrSet(key, factory);
}
