import type { Profiled } from './profiler.js';
import type { RedisServer, RedisServerOptions } from '../../test/support/redis-server.js';

/** One comparison: what is measured, for whom, and how. */
export interface Suite {
  readonly name: string;
  /** One line. */
  readonly about: string;
  /** In the order of the table. */
  readonly metrics: Readonly<Record<string, Better>>;
  /** The first one is ours. */
  readonly contenders: Readonly<Record<string, Contender>>;
  /** How often each part is measured, when nobody says otherwise. */
  readonly rounds: number;
  /** Measured one after the other; within a part contenders take turns, round by round. */
  readonly parts: (stage: Stage) => readonly Part[];
}

export type Better = 'higher' | 'lower' | 'neither';

export interface Contender {
  /** How it is set up, in one line. */
  readonly settings: string;
  /** What nobody would run, but nothing can beat: it is no peer. */
  readonly floor?: boolean;
  /** Metrics that it has no way to, and why. */
  readonly lacks?: Readonly<Record<string, string>>;
}

export interface Part {
  readonly name: string;
  /** Whom it is for. @default all of the suite */
  readonly contenders?: readonly string[];
  /** One round of one contender. Throws when anything was lost, doubled or left over. */
  readonly measure: (contender: string) => Promise<Figures>;
}

/** Metric → value. */
export type Figures = Readonly<Record<string, number>>;

/** What a suite is run with. */
export interface Stage {
  /** Tiny counts: does it still work? */
  readonly short: boolean;
  /** When CPU profiles are wanted, of this process too: it is ours. */
  watch(name: string, process: Profiled): void;
  /** A Redis that the whole suite shares. */
  redis(options?: RedisServerOptions): Promise<RedisServer>;
  /** Disposes of it when the suite has ended. */
  own<T extends AsyncDisposable>(thing: T): T;
}
