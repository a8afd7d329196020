import type { Duration } from '../common/duration.js';

/** What else a task that `toHaveEnqueued` looks for has. Values may be asymmetric matchers unless they say otherwise. */
export interface EnqueuedOptions {
  readonly id?: unknown;
  /** How long after it was added it runs; 0: at once. No asymmetric matcher. */
  readonly delay?: Duration;
  readonly runAt?: unknown;
  readonly priority?: unknown;
  readonly group?: unknown;
  /** So many of them, neither more nor less. @default at least one */
  readonly times?: number;
}

/** What else a task that `toHaveCompleted` looks for has. */
export interface CompletedOptions {
  readonly id?: unknown;
  readonly result?: unknown;
  /** The attempt that ended well, 1 for the first. */
  readonly attempt?: unknown;
  readonly times?: number;
}

/** What else a task that `toHaveDied` looks for has. */
export interface DiedOptions {
  readonly id?: unknown;
  /** A part of the error's message, a pattern for it, or something that the whole `TaskFailure` equals. */
  readonly error?: unknown;
  /** How many attempts it had. */
  readonly attempt?: unknown;
  readonly times?: number;
}

/** What `expect(depot.queue('email'))` can say. A `payload` of `undefined` is any. */
export interface DepotMatchers<R = void> {
  /** There is a task of that name that is to run: waiting, delayed or blocked. */
  toHaveEnqueued(name: string, payload?: unknown, options?: EnqueuedOptions): R;
  /** A task of that name has ended well, and is kept. */
  toHaveCompleted(name: string, payload?: unknown, options?: CompletedOptions): R;
  /** A task of that name is dead, and is kept. */
  toHaveDied(name: string, payload?: unknown, options?: DiedOptions): R;
}

// Names that exist whether anybody has jest's types or not: those of @types/jest are extended, and vitest reads them, too.
declare global {
  namespace jest {
    interface Matchers<R, T = {}> extends DepotMatchers<R> {}
  }
}
