import { ITEMS, type Cache, type CacheContender, type Item, type Place } from './cache.contender.js';

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

/** Of the items that are stored beforehand. */
export const KEYS: readonly string[] = Array.from({ length: ITEMS }, (_, id) => `item:${id}`);

let opened: Cache | undefined;

export async function openCache(name: string, place: Place, redis: string): Promise<void> {
  const contender = CONTENDERS[name];
  if (!contender) throw new Error(`there is no ${name}`);
  opened = await (await contender())(place, redis);
}

export async function closeCache(): Promise<void> {
  const closing = opened;
  // A library may take its time with it, and another one be opened meanwhile.
  opened = undefined;
  await closing?.close();
}

export function cache(): Cache {
  if (!opened) throw new Error('no cache is open');
  return opened;
}

/** A method that not every contender has. */
export function having<M extends 'peek' | 'getOrSet' | 'getOrSetMany'>(method: M): NonNullable<Cache[M]> {
  const call = cache()[method];
  if (!call) throw new Error(`it has no ${method}`);
  return call;
}

/** Throws when another item was found than the one with this id, or none. */
export function check(found: Item | undefined, id: number): void {
  if (found?.id !== id)
    throw new Error(`asked for item ${id}, got ${found === undefined ? 'none' : found.id}`);
}
