import type { Backoff } from '../common/backoff.js';
import type { Duration } from '../common/duration.js';
import type { Unique } from './task.broker.js';

/** Options of one task. What is left out comes from its handler's `@Task`, then from the queue, then from the module's `tasks`. */
export interface AddOptions<P = unknown> {
  /** Identifies the task within its queue. Adding one that exists, in whatever state, changes nothing. @default a unique one */
  readonly id?: string;
  /** Run it no sooner than this from now. */
  readonly delay?: Duration;
  /** Run it no sooner than this. */
  readonly runAt?: Date;
  /** 0 to 9, the higher the sooner. @default 5 */
  readonly priority?: number;
  /** How often it is tried at most. */
  readonly attempts?: number;
  /** How long it waits between attempts. */
  readonly backoff?: Backoff;
  /** How long one attempt may take. */
  readonly timeout?: Duration;
  /** How long all attempts may take together, the pauses between them included, from when it falls due. It is `dead` then. */
  readonly deadline?: Duration;
  /** It ends as `expired` when nobody has begun it so long after it fell due. @default never */
  readonly expiresIn?: Duration;
  /** One task for each key. */
  readonly unique?: UniqueOptions<P>;
  /** Groups take turns, and have limits of their own; a tenant, say. 1 to 256 characters. */
  readonly group?: string;
  /** How long its result can be asked for, whatever the queue keeps; `false`: nothing is kept of it once it is completed. @default true: as the queue keeps */
  readonly keepResult?: Duration | boolean;
  /** For `queue.search({ tag })`: up to 16, of 1 to 64 characters. */
  readonly tags?: readonly string[];
}

/** What becomes of a task when another one of its queue has the same key. */
export interface UniqueOptions<P = unknown> {
  /** 1 to 256 characters, or what makes them of the payload. */
  readonly key: string | ((payload: P) => string);
  /**
   * - `reject`: it is not added until the other one has ended
   * - `throttle`: it is not added until `ttl` has passed since the other one was, ended or not
   * - `replace`: it takes the place of the other one, which is cancelled; it is not added when that one runs
   * - `debounce`: it takes the place of the other one and falls due after `ttl`, so that only the last of many runs
   * - `keepLast`: it takes the place of the other one; while that one runs, it waits until that has ended. The last one always runs
   *
   * @default 'reject'
   */
  readonly mode?: Unique['mode'];
  /** For how long the key is taken. `throttle` and `debounce` need it. @default until the task has ended */
  readonly ttl?: Duration;
  /** With `debounce`: it runs no later than this after the first of them was added. @default however late */
  readonly maxWait?: Duration;
}
