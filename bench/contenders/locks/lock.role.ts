/** A process that uses the locks of one of the contenders. Each function is called from the orchestrator. */
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import type { Held, LockContender, Locks } from './lock.contender.js';
import { now, type Turn } from './turns.js';

/** A process loads only the contender that it has. */
const CONTENDERS: Readonly<Record<string, () => Promise<{ contender: LockContender }>>> = {
  depot: () => import('./depot.contender.js'),
  'redis-semaphore': () => import('./redis-semaphore.contender.js'),
  redlock: () => import('./redlock.contender.js'),
  'redlock-universal': () => import('./redlock-universal.contender.js'),
  ioredis: () => import('./ioredis.contender.js'),
};

export interface Crowd {
  readonly key: string;
  /** When each of those in this process asks, by `now()`. */
  readonly at: readonly number[];
  readonly holdMs: number;
}

let opened: Locks | undefined;
let held: Held | undefined;

export async function open(name: string, redis: string): Promise<void> {
  const module = await CONTENDERS[name]?.();
  if (!module) throw new Error(`there is no contender ${name}`);
  opened = await module.contender.open(redis);
}

/** Milliseconds of acquiring and releasing a lock that nobody else wants, for each time. */
export async function pairs(key: string, count: number): Promise<number[]> {
  const open = locks();
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const begun = now();
    const lock = await open.acquire(key);
    await lock.release();
    taken.push(now() - begun);
  }
  return taken;
}

/** Some that want the same lock, each once. */
export async function crowd({ key, at, holdMs }: Crowd): Promise<Turn[]> {
  const open = locks();
  return Promise.all(
    at.map(async (moment) => {
      await until(moment);
      const requestedAt = now();
      const lock = await open.acquire(key);
      const grantedAt = now();
      await pause(holdMs);
      const releasedAt = now();
      await lock.release();
      return { requestedAt, grantedAt, releasedAt };
    }),
  );
}

/** Takes the lock, and keeps it until `release`; says when it had it. */
export async function acquire(key: string): Promise<number> {
  held = await locks().acquire(key);
  return now();
}

/** Says when it called for it. */
export async function release(): Promise<number> {
  if (!held) throw new Error('nothing is held');
  const releasedAt = now();
  await held.release();
  held = undefined;
  return releasedAt;
}

export async function close(): Promise<void> {
  await opened?.close();
  opened = undefined;
}

/** Timers are of a millisecond; the rest is spent in turns of the event loop. */
async function until(moment: number): Promise<void> {
  const left = moment - now();
  if (left > 2) await pause(left - 2);
  while (now() < moment) await setImmediate();
}

function locks(): Locks {
  if (!opened) throw new Error('no locks are open');
  return opened;
}
