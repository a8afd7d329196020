import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import type { Held, Locks } from './lock.contender.js';

/** Of one acquisition, in milliseconds by `process.hrtime`, which all processes of a machine share. */
export interface Turn {
  readonly requestedAt: number;
  readonly grantedAt: number;
  /** When `release` was called: from then on somebody else may have it. */
  readonly releasedAt: number;
}

export interface Crowd {
  readonly key: string;
  /** When each of those in this process asks. */
  readonly at: readonly number[];
  readonly holdMs: number;
}

export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Milliseconds of acquiring and releasing a lock that nobody else wants, for each pair. */
export async function pairs(locks: Locks, { key, count }: { key: string; count: number }): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const begun = now();
    const held = await locks.acquire(key);
    await held.release();
    taken.push(now() - begun);
  }
  return taken;
}

/** Some that want the same lock, each once. */
export function crowd(locks: Locks, { key, at, holdMs }: Crowd): Promise<Turn[]> {
  return Promise.all(
    at.map(async (moment) => {
      await until(moment);
      const requestedAt = now();
      const held = await locks.acquire(key);
      const grantedAt = now();
      await pause(holdMs);
      const releasedAt = now();
      await held.release();
      return { requestedAt, grantedAt, releasedAt };
    }),
  );
}

/** Takes a lock and gives it back when it is told, and says when. */
export class Holder {
  private held: Held | undefined;

  constructor(private readonly locks: Locks) {}

  async acquire(key: string): Promise<number> {
    this.held = await this.locks.acquire(key);
    return now();
  }

  async release(): Promise<number> {
    const { held } = this;
    if (!held) throw new Error('nothing is held');
    this.held = undefined;
    const releasedAt = now();
    await held.release();
    return releasedAt;
  }
}

/** Timers are of a millisecond; the rest is spent in turns of the event loop. */
async function until(moment: number): Promise<void> {
  const left = moment - now();
  if (left > 2) await pause(left - 2);
  while (now() < moment) await setImmediate();
}
