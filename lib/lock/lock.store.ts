/** Whoever is handed a lock must take it up, by `extend` or `acquire`, within this time, or its own ttl if that is shorter. */
export const HAND_OVER_MS = 3_000;

/** How long the last token of an unused lock is remembered. Afterwards tokens still grow, by the engine's clock. */
export const TOKEN_KEPT_MS = 86_400_000;

/** What somebody takes who wants to be alone: more than any others leave. */
export const ALL_PERMITS = 1_000_000;

/**
 * What somebody wants of a lock. One rule for all kinds: it is granted when the permits that are out, and those it takes,
 * are no more than its limit. A mutex or a writer takes all of all; a reader one of all; who enters a semaphore of five
 * takes one of five. So each excludes every one that it must, whatever else the key is used for.
 */
export interface LockClaim {
  readonly key: string;
  /** An id that no other claim has anywhere, without white space. */
  readonly owner: string;
  readonly ttlMs: number;
  /** How many it takes, 1 to `ALL_PERMITS`. */
  readonly permits: number;
  /** How many may be out, its own included, `permits` to `ALL_PERMITS`. */
  readonly limit: number;
}

export type LockAnswer =
  | { readonly granted: true; readonly token: number }
  /** Not now. Nobody who holds it will have lost it before `leftMs` are over; then it is time to ask again. `at` is the engine's time. */
  | { readonly granted: false; readonly leftMs: number; readonly at: number };

/** What a waiter is handed: a lock that is its own until then, by the engine's time. */
export interface HandOver {
  readonly token: number;
  readonly until: number;
}

export interface LockRelease {
  /** Whether the owner had the lock until now. */
  readonly held: boolean;
  /** Somebody was handed the lock, and others wait behind him: should he be dead, somebody has to `look`. */
  readonly watch: boolean;
}

export interface LockHolder {
  readonly owner: string;
  readonly token: number;
  /** When it was granted, and when it ends if nobody extends it, in milliseconds since the epoch by the engine's clock. */
  readonly since: number;
  readonly until: number;
  readonly permits: number;
}

export interface LockState {
  /** The one that was granted it first comes first. */
  readonly holders: readonly LockHolder[];
  readonly waiters: number;
}

export type GrantedListener = (key: string, owner: string, handOver: HandOver) => void;

/**
 * What an engine does for locks. Of each key some permits may be out, and there is a queue of those who wait. Whoever waits
 * is served strictly in order: nobody is granted anything while somebody waits, however little he wants, so that nobody
 * starves. When nothing is out nobody waits.
 *
 * Every method is one atomic step, and each of them first takes the lock from those whose time is over by the engine's clock,
 * and hands it to those at the head of the queue for whom there is room. A hand-over lasts `HAND_OVER_MS` at most. The waiter
 * is told through `onGranted`; if he doesn't take it up, he is taken for dead. An engine may take his whole process for
 * dead, so that others who wait there lose their place, too, until they ask again; and it may pass over a waiter at once of
 * whom it knows that he can't be told.
 *
 * A call that rejects with `EngineUnavailableError` may or may not have happened. Repeating any is harmless.
 */
export interface LockStore {
  /** Grants the claim if nobody waits and there is room, with a token greater than any that the key ever had. Its owner is granted it anew: the whole ttl from now, the token it has. */
  tryAcquire(claim: LockClaim): Promise<LockAnswer>;

  /** The same; when it is not granted the owner waits, at the place it has already or else at the end of the queue. */
  acquire(claim: LockClaim): Promise<LockAnswer>;

  /** Lets the lock last `ttlMs` from now, if the owner has it; says whether it has. The key's next token is greater than `token`, if that is given. */
  extend(claim: LockClaim, ttlMs: number, token?: number): Promise<boolean>;

  /** Takes the owner out of the queue, or the lock from it. */
  release(claim: LockClaim): Promise<LockRelease>;

  /** Does what every method does first, and nothing else; says whether that leaves somebody to watch, as `release` does. */
  look(key: string): Promise<boolean>;

  /** Who has it, and how many wait. */
  inspect(key: string): Promise<LockState>;

  /** Takes it from everybody who has it; says how many they were. Nobody tells them: they find out when they extend it. */
  forceRelease(key: string): Promise<number>;

  /** Calls back when an owner that waits in this process was handed a lock. Repeated and late calls are possible. */
  onGranted(listener: GrantedListener): void;

  /** Calls back when `onGranted` may have missed something: whoever waits asks again. */
  onGap(listener: () => void): void;
}
