import { expect } from '@jest/globals';
import {
  ALL_PERMITS,
  type HandOver,
  type LockAnswer,
  type LockClaim,
  type LockHolder,
  type LockStore,
} from '../../lib/lock/lock.store.js';

/** An engine with a clock that only the test moves. */
export interface LockBench {
  readonly store: LockStore;
  /** The same locks, seen by another process if the engine has several. */
  readonly other: LockStore;
  /** The engine has several processes, so that one of them can die. */
  readonly isShared: boolean;
  /** The engine's time. */
  now(): number;
  /** Time passes. */
  advance(ms: number): Promise<void>;
  /** The clock is set. */
  jump(ms: number): Promise<void>;
  /** What is stored is lost; the clock goes on. */
  forget(): Promise<void>;
  /** Resolves when everything that was told by now has been heard. */
  heard(): Promise<void>;
  close(): Promise<void>;
}

export const TTL = 10_000;
export const KEY = 'k';

/** Owner of a message that only says that all before it have been heard. */
export const MARK = 'mark';

/** Who wants to be alone. */
export function writer(owner: string, over: Partial<LockClaim> = {}): LockClaim {
  return { key: KEY, owner, ttlMs: TTL, permits: ALL_PERMITS, limit: ALL_PERMITS, ...over };
}

export function reader(owner: string, over: Partial<LockClaim> = {}): LockClaim {
  return writer(owner, { permits: 1, ...over });
}

/** Who takes so many of five. */
export function guest(owner: string, permits = 1, over: Partial<LockClaim> = {}): LockClaim {
  return writer(owner, { permits, limit: 5, ...over });
}

/** What a case of the contract has to do with; its methods can be used without it. */
export class LockScene {
  readonly store: LockStore;
  readonly other: LockStore;
  /** What processes were told, by `<key>:<owner>`, in that order. */
  private readonly handedOver: (readonly [name: string, handOver: HandOver])[] = [];

  constructor(readonly bench: LockBench) {
    this.store = bench.store;
    this.other = bench.other;
    for (const store of new Set([this.store, this.other])) {
      store.onGranted((key, owner, handOver) => {
        if (owner !== MARK) this.handedOver.push([`${key}:${owner}`, handOver]);
      });
    }
  }

  /** Has it, and returns its token. */
  readonly take = async (claim: LockClaim, store = this.store): Promise<number> => {
    const answer = await store.tryAcquire(claim);
    if (!answer.granted) throw new Error(`${claim.key} was not granted to ${claim.owner}`);
    return answer.token;
  };

  /** Stands in the queue. */
  readonly wait = async (claim: LockClaim, store = this.store): Promise<void> => {
    expect(await store.acquire(claim)).toMatchObject({ granted: false });
  };

  /** A writer who only tries is told that it is taken for so long. */
  readonly takenFor = async (leftMs: number, key = KEY): Promise<void> => {
    expect(await this.other.tryAcquire(writer('probe', { key }))).toEqual(this.refused(leftMs));
  };

  /** A writer who only tries gets it, and gives it back. */
  readonly isFree = async (key = KEY): Promise<void> => {
    const probe = writer('probe', { key });
    expect(await this.other.tryAcquire(probe)).toMatchObject({ granted: true });
    await this.other.release(probe);
  };

  readonly refused = (leftMs: number): LockAnswer => ({ granted: false, leftMs, at: this.bench.now() });

  /** Who was told so far that they have a lock. */
  readonly told = async (): Promise<readonly string[]> => {
    await this.bench.heard();
    // Processes hear of it each in their own time; tokens have the order in which it was handed over.
    return this.handedOver.toSorted(([, a], [, b]) => a.token - b.token).map(([name]) => name);
  };

  /** What the owner was handed last. */
  readonly handedTo = async (owner: string, key = KEY): Promise<HandOver> => {
    await this.bench.heard();
    const found = this.handedOver.findLast(([name]) => name === `${key}:${owner}`);
    if (!found) throw new Error(`${owner} was not handed ${key}`);
    return found[1];
  };

  readonly holders = async (key = KEY): Promise<readonly LockHolder[]> => {
    return (await this.store.inspect(key)).holders;
  };

  readonly owners = async (key = KEY): Promise<readonly string[]> => {
    return (await this.holders(key)).map(({ owner }) => owner);
  };

  readonly waiters = async (key = KEY): Promise<number> => {
    return (await this.store.inspect(key)).waiters;
  };

  readonly held = async (claim: LockClaim, store = this.store): Promise<boolean> => {
    return (await store.release(claim)).held;
  };
}

export const granted = (token: number): LockAnswer => ({ granted: true, token });

/** Each is greater than the one before it. */
export function expectGrowing(tokens: readonly number[]): void {
  for (const [at, token] of tokens.entries()) {
    expect(Number.isSafeInteger(token)).toBe(true);
    expect(token).toBeGreaterThan(tokens[at - 1] ?? 0);
  }
}
