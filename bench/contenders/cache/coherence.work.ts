import { setImmediate as turn } from 'node:timers/promises';
import { tell } from '../../harness/tell.js';
import { item } from './cache.contender.js';
import { cache } from './opened.js';

/** In which a lost message would have been seen. */
const GIVE_UP_MS = 2_000;
/** The old value must not come back. */
const TURNS_AFTER = 50;
const WARM_ASKS = 3;

export interface Change {
  readonly key: string;
  readonly old: number;
  /** `undefined`: the key is deleted. */
  readonly next: number | undefined;
}

/** Stores the item. */
export async function store(key: string, id: number): Promise<void> {
  await cache().set(key, item(id));
}

/** Asks until the memory of this process has it. */
export async function learn(key: string, id: number): Promise<void> {
  const { get, peek } = cache();
  const giveUpAt = performance.now() + GIVE_UP_MS;
  const inMemory = (): boolean => peek === undefined || peek(key)?.id === id;
  for (let right = 0; right < WARM_ASKS || !inMemory();) {
    right = (await get(key))?.id === id ? right + 1 : 0;
    if (performance.now() > giveUpAt) throw new Error(`${key} does not come into memory as ${id}`);
    await turn();
  }
}

/** Makes the change, and tells when it began to. */
export async function change({ key, next }: Change): Promise<bigint> {
  const open = cache();
  const begunAt = process.hrtime.bigint();
  if (next === undefined) await open.delete(key);
  else await open.set(key, item(next));
  return begunAt;
}

/**
 * Asks in every turn of the event loop, tells `watching` once it got the old value, and in the end when it got the new one. An
 * answer that is neither is refused.
 */
export async function watch({ key, old, next }: Change): Promise<bigint> {
  const { get } = cache();
  const giveUpAt = performance.now() + GIVE_UP_MS;
  let changedAt: bigint | undefined;
  let seenOld = false;
  for (let after = 0; after < TURNS_AFTER;) {
    const id = (await get(key))?.id;
    if (id === old) {
      if (!seenOld) tell('watching', key);
      seenOld = true;
      changedAt = undefined;
      after = 0;
      if (performance.now() > giveUpAt) break;
    } else if (id === next) {
      changedAt ??= process.hrtime.bigint();
      after++;
    } else {
      throw new Error(`${key} was ${old}, is to be ${String(next)}, and came as ${String(id)}`);
    }
    await turn();
  }
  if (!seenOld) throw new Error(`${key} was changed before it was asked for`);
  return changedAt ?? process.hrtime.bigint();
}
