import type { CacheOptions, GetOrSetOptions, SetOptions } from 'nestjs-depot';
import type { Ports } from './cache-client.js';

/* What a process with a cache is told and asked (cache-node.app.ts). */

export interface CacheNodeSettings {
  /** Number of this process. */
  readonly who: number;
  /** Where its ways to Redis begin, which may be broken. */
  readonly ports: Ports;
  /** For what is not the library's. */
  readonly direct: string;
}

export interface Opening {
  readonly namespace: string;
  readonly cache: CacheOptions;
}

export interface Wandering {
  readonly namespace: string;
  readonly seed: number;
  /** By `monotonic`. From then on it writes nothing. */
  readonly quietFrom: number;
  readonly until: number;
}

export interface Setting {
  readonly namespace: string;
  readonly key: string;
  readonly value: unknown;
  readonly options: SetOptions;
}

/** Callers of one key, all at once. */
export interface Calling {
  readonly namespace: string;
  readonly key: string;
  readonly callers: number;
  readonly options: GetOrSetOptions;
  readonly factory: Producing;
}

/** What the factory does. Its calls are numbered from 1, over all processes, and written down. */
export interface Producing {
  /** These calls do not end before they are let go. */
  readonly held: readonly number[];
  /** These calls fail. */
  readonly failing: readonly number[];
}

export type Answered =
  | { readonly value: unknown }
  | { readonly error: { readonly name: string; readonly message: string; readonly own: object } };

export const callsOf = (namespace: string): string => `calls:${namespace}`;
/** A list: whoever pushes to it lets that call go. */
export const gateOf = (namespace: string, call: number): string => `gate:${namespace}:${call}`;
