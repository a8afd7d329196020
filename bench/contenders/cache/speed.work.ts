import { setImmediate as turn } from 'node:timers/promises';
import { ITEMS, item } from './cache.contender.js';
import { cache, check, having, KEYS } from './opened.js';

/** How often a cache may be asked until it has everything in the memory of the process. */
const WARM_TURNS = 1_000;

const keyOf = (i: number): string => KEYS[i % ITEMS] ?? '';

/** Stores the items that are asked for. */
export async function fill(): Promise<void> {
  const { set } = cache();
  await Promise.all(KEYS.map((key, id) => set(key, item(id))));
}

/** Asks for all of them until the memory of the process has them, as far as it can be asked. */
export async function warm(): Promise<void> {
  const { get, peek } = cache();
  for (const [id, key] of KEYS.entries()) check(await get(key), id);
  if (!peek) return;
  for (const [id, key] of KEYS.entries()) {
    for (let turns = 0; peek(key) === undefined; turns++) {
      if (turns === WARM_TURNS) throw new Error(`item ${id} does not come into memory`);
      check(await get(key), id);
      await turn();
    }
  }
}

/** Nanoseconds of so many hits, each awaited. */
export async function hits(count: number): Promise<bigint> {
  const { get } = cache();
  const begun = process.hrtime.bigint();
  for (let i = 0; i < count; i++) check(await get(keyOf(i)), i % ITEMS);
  return process.hrtime.bigint() - begun;
}

/** The same, without a promise. */
export function peeks(count: number): bigint {
  const peek = having('peek');
  const begun = process.hrtime.bigint();
  for (let i = 0; i < count; i++) check(peek(keyOf(i)), i % ITEMS);
  return process.hrtime.bigint() - begun;
}

/** Milliseconds of each hit, one by one. */
export async function latencies(count: number): Promise<number[]> {
  const { get } = cache();
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const begun = process.hrtime.bigint();
    const found = await get(keyOf(i));
    taken.push(Number(process.hrtime.bigint() - begun) / 1e6);
    check(found, i % ITEMS);
  }
  return taken;
}

/** Nanoseconds of so many gets by callers that each wait for every one of theirs. */
export async function gets(callers: number, count: number): Promise<bigint> {
  const { get } = cache();
  return timed(callers, count, async (i) => check(await get(keyOf(i)), i % ITEMS));
}

/** The same of sets. */
export async function sets(callers: number, count: number): Promise<bigint> {
  const { set } = cache();
  return timed(callers, count, (i) => set(keyOf(i), item(i % ITEMS)));
}

/** The same of getOrSet, of which none calls its factory. */
export async function hitsOrSets(callers: number, count: number): Promise<bigint> {
  const getOrSet = having('getOrSet');
  const missed = (): never => {
    throw new Error('the factory was called for a key that is there');
  };
  return timed(callers, count, async (i) => check(await getOrSet(keyOf(i), missed), i % ITEMS));
}

async function timed(callers: number, count: number, call: (i: number) => Promise<unknown>): Promise<bigint> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  const begun = process.hrtime.bigint();
  await Promise.all(Array.from({ length: callers }, caller));
  return process.hrtime.bigint() - begun;
}
