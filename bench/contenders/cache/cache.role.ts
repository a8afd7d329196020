/** A process that uses a cache of one of the contenders. Each function is called from the orchestrator. */
import { setTimeout as pause } from 'node:timers/promises';
import { ITEMS, item, type Cache, type CacheContender, type Item, type Tier } from './cache.contender.js';

/** A process loads only the contender that it has. */
const CONTENDERS: Readonly<Record<string, () => Promise<CacheContender>>> = {
  depot: async () => (await import('./depot.contender.js')).contender,
  bentocache: async () => (await import('./bentocache.contender.js')).contender,
  cacheable: async () => (await import('./cacheable.contender.js')).contender,
  'cache-manager': async () => (await import('./cache-manager.contender.js')).contender,
  'lru-cache': async () => (await import('./lru-cache.contender.js')).contender,
  ioredis: async () => (await import('./ioredis.contender.js')).contender,
  'ioredis auto-pipelined': async () => (await import('./ioredis.contender.js')).autoPipelined,
};
const KEYS = Array.from({ length: ITEMS }, (_, id) => `item:${id}`);

export interface ColdKey {
  readonly key: string;
  readonly callers: number;
  /** When all of them ask, in nanoseconds of `process.hrtime`. */
  readonly at: bigint;
  readonly factoryMs: number;
}

let opened: Cache | undefined;

export async function open(name: string, tier: Tier, redis: string): Promise<void> {
  const contender = await CONTENDERS[name]?.();
  const openTier = contender?.[tier];
  if (!openTier) throw new Error(`there is no ${name} with ${tier}`);
  opened = await openTier(redis);
}

/** Stores the items that are asked for. */
export async function fill(): Promise<void> {
  for (const [id, key] of KEYS.entries()) await cache().set(key, item(id));
}

/** Nanoseconds of so many hits, each awaited. */
export async function hits(count: number): Promise<bigint> {
  const open = cache();
  const begun = process.hrtime.bigint();
  for (let i = 0; i < count; i++) check(await open.get(keyOf(i)), i);
  return process.hrtime.bigint() - begun;
}

/** Milliseconds of each hit, one by one. */
export async function latencies(count: number): Promise<number[]> {
  const open = cache();
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const begun = process.hrtime.bigint();
    const found = await open.get(keyOf(i));
    taken.push(Number(process.hrtime.bigint() - begun) / 1e6);
    check(found, i);
  }
  return taken;
}

/** Nanoseconds of so many gets by callers that each wait for every one of theirs. */
export async function gets(callers: number, count: number): Promise<bigint> {
  const open = cache();
  return timed(callers, count, async (i) => check(await open.get(keyOf(i)), i));
}

/** The same of sets. */
export async function sets(callers: number, count: number): Promise<bigint> {
  const open = cache();
  return timed(callers, count, (i) => open.set(keyOf(i), item(i % ITEMS)));
}

/** The same of getOrSet, of which none calls its factory. */
export async function hitsOrSets(callers: number, count: number): Promise<bigint> {
  const missed = (): never => {
    throw new Error('the factory was called for a key that is there');
  };
  return timed(callers, count, async (i) => check(await getOrSet(keyOf(i), missed), i));
}

/** How often this process calls its factory for a key that nobody has. */
export async function cold({ key, callers, at, factoryMs }: ColdKey): Promise<number> {
  let calls = 0;
  const factory = async (): Promise<Item> => {
    calls++;
    await pause(factoryMs);
    return item(0);
  };
  await pause(Number(at - process.hrtime.bigint()) / 1e6);
  await Promise.all(Array.from({ length: callers }, async () => check(await getOrSet(key, factory), 0)));
  return calls;
}

export async function close(): Promise<void> {
  await opened?.close();
  opened = undefined;
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

const keyOf = (i: number): string => KEYS[i % ITEMS] ?? '';

function check(found: Item | undefined, i: number): void {
  const id = i % ITEMS;
  if (found?.id !== id)
    throw new Error(`asked for item ${id}, got ${found === undefined ? 'none' : found.id}`);
}

function getOrSet(key: string, factory: () => Promise<Item>): Promise<Item> {
  const open = cache();
  if (!open.getOrSet) throw new Error('it has no getOrSet');
  return open.getOrSet(key, factory);
}

function cache(): Cache {
  if (!opened) throw new Error('no cache is open');
  return opened;
}
