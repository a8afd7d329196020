/** A lock that is held. */
export interface Held {
  readonly release: () => Promise<unknown>;
}

/** Locks as their users call them. */
export interface Locks {
  /** Waits for it as long as it takes. */
  readonly acquire: (key: string) => Promise<Held>;
  readonly close: () => Promise<unknown>;
}

export interface LockContender {
  readonly name: string;
  /** What was chosen for it and why, in a line. */
  readonly settings: string;
  readonly open: (url: string) => Promise<Locks>;
}

/** No lock of a measure is held nearly as long, and nobody waits so long. */
export const TTL_MS = 30_000;
