import { Redis } from 'ioredis';

/** What a handler writes down, and where. */
export interface Note {
  readonly kind: 'begun' | 'ended' | 'aborted' | 'told';
  readonly queue: string;
  readonly task: string;
  readonly attempt: number;
  /** Whatever the test wants to tell tasks apart by. */
  readonly label: string;
}

export interface Entry extends Note {
  readonly pid: number;
  /** By Redis' clock, in ms. */
  readonly at: number;
  /** By the clock of the process, in ms since the epoch. */
  readonly clock: number;
}

const APPEND = `local t = redis.call('TIME')
return redis.call('RPUSH', KEYS[1], string.format('%.3f', t[1] * 1000 + t[2] / 1000) .. ' ' .. ARGV[1])`;

const keyOf = (namespace: string): string => `${namespace}:ledger`;

/** A list in Redis to which handlers of all processes append: outside the library, and in one order. */
export class Ledger {
  private readonly redis: Redis;

  constructor(url: string) {
    this.redis = new Redis(url);
  }

  async write(namespace: string, note: Note): Promise<void> {
    const line = JSON.stringify({ ...note, pid: process.pid, clock: Date.now() });
    await this.redis.eval(APPEND, 1, keyOf(namespace), line);
  }

  async read(namespace: string, kind?: Note['kind']): Promise<Entry[]> {
    const lines = await this.redis.lrange(keyOf(namespace), 0, -1);
    const entries = lines.map((line) => {
      const space = line.indexOf(' ');
      const note = JSON.parse(line.slice(space + 1)) as Omit<Entry, 'at'>;
      return { ...note, at: Number(line.slice(0, space)) };
    });
    return kind === undefined ? entries : entries.filter((entry) => entry.kind === kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.redis.quit();
  }
}

export interface Interval {
  readonly from: number;
  readonly to: number;
  readonly entry: Entry;
}

/** Attempts from their beginning to their end. One that never ended has the end `Infinity`. */
export function intervals(entries: readonly Entry[]): Interval[] {
  const nameOf = ({ queue, task, attempt, pid }: Entry): string => `${queue} ${task} ${attempt} ${pid}`;
  const ends = new Map(entries.filter(({ kind }) => kind !== 'begun').map((one) => [nameOf(one), one.at]));
  return entries
    .filter(({ kind }) => kind === 'begun')
    .map((entry) => ({ from: entry.at, to: ends.get(nameOf(entry)) ?? Number.POSITIVE_INFINITY, entry }));
}

/** How many of them there were at the same time at most. */
export function mostAtOnce(all: readonly Interval[]): number {
  const steps = all.flatMap(({ from, to }) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ]);
  // What begins at the moment at which another one ends is not with it.
  steps.sort((a, b) => a.at - b.at || a.by - b.by);
  let now = 0;
  let most = 0;
  for (const { by } of steps) most = Math.max(most, (now += by));
  return most;
}

/** Jain's index of fairness: 1 when all have the same, 1/n when one has everything. */
export function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}

export const pidsOf = (entries: readonly Entry[]): ReadonlySet<number> =>
  new Set(entries.map(({ pid }) => pid));
