/** A waiter that is handed the lock must take it up within this time, or its own ttl if that is shorter. */
export const HAND_OVER_MS = 1_000;

/** How long the last token of an unused lock is remembered. Afterwards tokens still grow, by the engine's clock. */
export const TOKEN_KEPT_MS = 86_400_000;

export type LockAnswer =
  | { readonly granted: true; readonly token: number }
  /** Somebody else has it, for so long if they do not extend it. */
  | { readonly granted: false; readonly leftMs: number };

/**
 * What an engine does for locks. A lock has at most one owner, an id that no other acquisition has anywhere (text
 * without line breaks), and a queue of those who wait for it. It is free when nobody has it; then nobody waits either.
 *
 * Every method is one atomic step, and each of them first takes the lock from an owner whose time is over by the
 * engine's clock and hands it to the first waiter. A hand-over lasts `HAND_OVER_MS` at most: the waiter is told through
 * `onGranted` and takes the lock up with `acquire`; if it doesn't, it is taken for dead. An engine may take its whole
 * process for dead, so that others who wait there lose their place, too, until they ask again.
 *
 * A call that rejects with `EngineUnavailableError` may or may not have happened. Repeating any is harmless.
 */
export interface LockStore {
  /** Grants the lock if it is free, for `ttlMs` and with a token greater than any that the key ever had; the owner itself is granted it anew, with the token it has. */
  tryAcquire(key: string, owner: string, ttlMs: number): Promise<LockAnswer>;

  /** The same; when it is not granted the owner waits for it with that ttl, at the place it has already or else at the end of the queue. */
  acquire(key: string, owner: string, ttlMs: number): Promise<LockAnswer>;

  /** Lets the lock expire in `ttlMs` from now, if that owner has it; says whether it has. */
  extend(key: string, owner: string, ttlMs: number): Promise<boolean>;

  /** Takes the owner out of the queue, or hands the lock it has to the first waiter; says whether it had the lock. */
  release(key: string, owner: string): Promise<boolean>;

  /** Calls back when an owner that waits in this process was handed a lock. Repeated and late calls are possible. */
  onGranted(listener: (key: string, owner: string) => void): void;

  /** Calls back when `onGranted` may have missed something: whoever waits asks again. */
  onGap(listener: () => void): void;
}
