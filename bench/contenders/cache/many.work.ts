import { item, type Item } from './cache.contender.js';
import { cache, check, having } from './opened.js';

export interface Many {
  readonly keys: number;
  /** How many of them are not there. */
  readonly missing: number;
  /** How often it is done, one after the other. */
  readonly times: number;
}

export interface ManyTook {
  readonly ns: bigint;
  readonly factoryCalls: number;
}

/** So that every time others are missing. */
let made = 0;

/** Stores what is to be there. */
export async function fillMany({ keys, missing }: Many): Promise<void> {
  const { set } = cache();
  await Promise.all(Array.from({ length: keys - missing }, (_, id) => set(keyOf(id), item(id))));
}

/** Asks for many, of which some are not there; all have to come, and only those that are missing are made. */
export async function many({ keys, missing, times }: Many): Promise<ManyTook> {
  const getOrSetMany = having('getOrSetMany');
  let factoryCalls = 0;
  let ns = 0n;
  for (let time = 0; time < times; time++) {
    const ids = idsOf(keys, missing);
    const wanted = new Set(ids.slice(keys - missing).map(keyOf));
    const factory = async (asked: readonly string[]): Promise<Item[]> => {
      factoryCalls++;
      for (const key of asked) if (!wanted.delete(key)) throw new Error(`${key} is made, and is there`);
      return asked.map((key) => item(Number(key.slice(PREFIX.length))));
    };
    const all = ids.map(keyOf);
    const begun = process.hrtime.bigint();
    const found = await getOrSetMany(all, factory);
    ns += process.hrtime.bigint() - begun;
    ids.forEach((id, at) => check(found[at], id));
    if (wanted.size > 0) throw new Error(`${wanted.size} of ${missing} were not made`);
  }
  return { ns, factoryCalls };
}

/** Those that are there, and then others each time. */
function idsOf(keys: number, missing: number): number[] {
  const there = Array.from({ length: keys - missing }, (_, id) => id);
  return [...there, ...Array.from({ length: missing }, () => keys + made++)];
}

const PREFIX = 'many:';
const keyOf = (id: number): string => `${PREFIX}${id}`;
