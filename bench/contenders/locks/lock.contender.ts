/** A lock library, as its users set it up on one Redis. */
export interface LockContender {
  open(redis: string): Promise<Locks>;
}

export interface Locks {
  /** Waits for it as long as it takes. */
  acquire(key: string): Promise<Held>;
  close(): Promise<unknown>;
}

/** A lock that is held. */
export interface Held {
  /** Throws when it was lost. */
  release(): Promise<unknown>;
}

/** No lock is held nearly as long, and nobody waits so long. */
export const TTL_MS = 30_000;
