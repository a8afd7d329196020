import { setTimeout as pause } from 'node:timers/promises';
import { item, type Item } from './cache.contender.js';
import { check, having } from './opened.js';

export interface ColdKey {
  readonly key: string;
  readonly callers: number;
  /** When all of them ask, in nanoseconds of `process.hrtime`. */
  readonly at: bigint;
  readonly factoryMs: number;
}

export interface ColdStart {
  /** How often this process called its factory. */
  readonly calls: number;
  /** When the last of its callers had an answer. */
  readonly answeredAt: bigint;
  /** When its factory had one; `undefined`: it was not called. */
  readonly madeAt: bigint | undefined;
}

/** Asks for a key that nobody has. */
export async function cold({ key, callers, at, factoryMs }: ColdKey): Promise<ColdStart> {
  const getOrSet = having('getOrSet');
  let calls = 0;
  let madeAt: bigint | undefined;
  const factory = async (): Promise<Item> => {
    calls++;
    await pause(factoryMs);
    madeAt = process.hrtime.bigint();
    return item(0);
  };
  await pause(Number(at - process.hrtime.bigint()) / 1e6);
  await Promise.all(Array.from({ length: callers }, async () => check(await getOrSet(key, factory), 0)));
  return { calls, answeredAt: process.hrtime.bigint(), madeAt };
}
