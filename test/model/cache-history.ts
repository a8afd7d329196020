/*
 * What processes that share a cache write down of what they did. Behind the cache is a database, which has a version of
 * every key, and each write makes it a newer one before it tells the cache. All times are by `monotonic`.
 */

/** Milliseconds by the clock that all processes of a machine have in common. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Somebody who knows nothing of the library, and is never cut off. */
export const FOREIGN = -1;

/** Number of a process, or `FOREIGN`. */
export type Who = number;

/** A value of a key that somebody was given. */
export interface Read {
  readonly by: Who;
  /** The method. */
  readonly how: string;
  readonly key: string;
  /** `undefined`: there was none. */
  readonly version: number | undefined;
  readonly begun: number;
  readonly ended: number;
}

/** The cache was told that the database has newer versions. */
export interface Write {
  readonly by: Who;
  readonly how: string;
  readonly versions: readonly (readonly [key: string, version: number])[];
  /** It left these versions in the cache; else it left nothing. */
  readonly stores: boolean;
  /** `true`: the library said that it is done. `false`: that it could not. `undefined`: it does not say. */
  readonly done: boolean | undefined;
  readonly begun: number;
  readonly ended: number;
}

/** A factory has read a version from the database, for the cache to store it if nothing happens meanwhile. */
export interface Fill {
  readonly by: Who;
  readonly key: string;
  readonly version: number;
  /** Before anybody was asked for leave. */
  readonly begun: number;
  /** It is stored, or not. */
  readonly ended: number;
}

/** Something that must not happen in any weather. */
export interface Mishap {
  readonly by: Who;
  readonly how: string;
  readonly message: string;
}

/** A process was cut off or stopped, or (`late`) the machine was too busy for it to be on time. */
export interface Disturbance {
  /** `undefined`: all of them. */
  readonly who: Who | undefined;
  readonly how: string;
  readonly from: number;
  readonly until: number;
}

/** What one process has written down. */
export interface Diary {
  readonly reads: readonly Read[];
  readonly writes: readonly Write[];
  readonly fills: readonly Fill[];
  readonly mishaps: readonly Mishap[];
  readonly disturbances: readonly Disturbance[];
}

export interface History extends Diary {
  /** For each process, by how much each of its messages is late, in ms. */
  readonly delays: readonly number[];
}

/** All that happened, of what each has written down. */
export function together(diaries: readonly Diary[], delays: readonly number[]): History {
  return {
    reads: diaries.flatMap(({ reads }) => reads),
    writes: diaries.flatMap(({ writes }) => writes),
    fills: diaries.flatMap(({ fills }) => fills),
    mishaps: diaries.flatMap(({ mishaps }) => mishaps),
    disturbances: diaries.flatMap(({ disturbances }) => disturbances),
    delays,
  };
}
