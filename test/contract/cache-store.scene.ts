import { expect } from '@jest/globals';
import type {
  CacheEngine,
  CacheEntry,
  CacheLease,
  CacheStore,
  Claim,
  ClaimRequest,
  MemorySettings,
  NewEntry,
} from '../../lib/cache/cache.store.js';
import { encode } from '../../lib/common/codec.js';
import { eventually } from '../support/eventually.js';

/** An engine in two processes, if it can be in several, with a clock that only the test moves. */
export interface CacheBench {
  readonly kind: 'embedded' | 'redis' | 'redis with memory';
  readonly engine: CacheEngine;
  /** The same in another process; embedded, where there is none, the same one. */
  readonly otherEngine: CacheEngine;
  /** What caches are opened with; `undefined` without memory. */
  readonly memory: MemorySettings | undefined;
  /** The engine's time. */
  now(): number;
  /** Time passes for everybody. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

export const HOUR = 3_600_000;

/** A cache of its own for each case, so that the cases of a bench are in nobody's way. */
export class CacheScene {
  readonly store: CacheStore;
  /** The same cache in the other process. */
  readonly other: CacheStore;

  constructor(
    readonly bench: CacheBench,
    readonly name: string,
  ) {
    this.store = this.open(name);
    this.other = bench.otherEngine.open(name, bench.memory);
  }

  /** Several processes can have it. */
  get isShared(): boolean {
    return this.bench.kind !== 'embedded';
  }

  /** The process keeps what it has read. */
  get hasMemory(): boolean {
    return this.bench.memory !== undefined;
  }

  open(name: string, memory = this.bench.memory): CacheStore {
    return this.bench.engine.open(name, memory);
  }

  /** A namespace of the cache, in both processes. */
  within(...names: readonly string[]): Pick<CacheScene, 'store' | 'other'> {
    const inside = (store: CacheStore): CacheStore =>
      names.reduce((outer, name) => outer.namespace(name), store);
    return { store: inside(this.store), other: inside(this.other) };
  }

  advance(ms: number): Promise<void> {
    return this.bench.advance(ms);
  }
}

/** Holds at once for the process that has done it, and soon for the other, whose memory may be behind. */
export async function everywhere(
  { store, other }: Pick<CacheScene, 'store' | 'other'>,
  check: (store: CacheStore) => Promise<void>,
): Promise<void> {
  await check(store);
  await eventually(() => check(other));
}

/** The same for what the other process has done. */
export const everywhereElse = (
  { store, other }: Pick<CacheScene, 'store' | 'other'>,
  check: (store: CacheStore) => Promise<void>,
): Promise<void> => everywhere({ store: other, other: store }, check);

/** An entry that is fresh for an hour and then gone. */
export function entry(value: unknown, over: Partial<NewEntry> = {}): NewEntry {
  return { text: encode(value), freshMs: HOUR, graceMs: 0, tags: [], ...over };
}

export const keyed = (
  key: string,
  value: unknown,
  over: Partial<NewEntry> = {},
): NewEntry & { readonly key: string } => ({ key, ...entry(value, over) });

export const put = (
  store: CacheStore,
  key: string,
  value: unknown,
  over: Partial<NewEntry> = {},
): Promise<void> => store.write([keyed(key, value, over)]);

/** The entry, which has to be there. */
export async function entryAt(store: CacheStore, key: string): Promise<CacheEntry> {
  const found = await store.read(key);
  if (!found) throw new Error(`nothing is stored under ${key}`);
  return found;
}

/** The value, fresh or stale; `undefined`: there is none. */
export async function valueAt(store: CacheStore, key: string): Promise<unknown> {
  return (await store.read(key))?.value.copy();
}

export async function valuesAt(store: CacheStore, keys: readonly string[]): Promise<readonly unknown[]> {
  return (await store.readMany(keys)).map((found) => found?.value.copy());
}

export const request = (key: string, over: Partial<ClaimRequest> = {}): ClaimRequest => ({
  key,
  tags: [],
  lateTags: false,
  seen: undefined,
  waitedFor: undefined,
  ...over,
});

export async function claim(
  store: CacheStore,
  key: string,
  over: Partial<ClaimRequest> = {},
): Promise<Claim> {
  const [answer, ...more] = await store.claim([request(key, over)]);
  expect(more).toEqual([]);
  if (!answer) throw new Error('the claim has no answer');
  return answer;
}

/** The right to make the value, which has to be granted. */
export async function leaseOf(
  store: CacheStore,
  key: string,
  over: Partial<ClaimRequest> = {},
): Promise<CacheLease> {
  const answer = await claim(store, key, over);
  if (answer.kind !== 'granted') throw new Error(`the claim of ${key} was answered with ${answer.kind}`);
  return answer.lease;
}

export type Taken = Extract<Claim, { kind: 'taken' }>;

/** Somebody else has the right, and has to have it. */
export async function takenOf(
  store: CacheStore,
  key: string,
  over: Partial<ClaimRequest> = {},
): Promise<Taken> {
  const answer = await claim(store, key, over);
  if (answer.kind !== 'taken') throw new Error(`the claim of ${key} was answered with ${answer.kind}`);
  return answer;
}
