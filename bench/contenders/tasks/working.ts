/** The worker's part of a task process. Everything exported is called from the orchestrator. */
import { tell } from '../../harness/tell.js';
import { numberOf } from '../../payload.js';
import { contenderOf } from './contenders.js';
import { Tally, type Tallied } from './tally.js';
import type { Closable, Target } from './task.contender.js';

let worker: Closable | undefined;
let tally = new Tally(0);
let startedAt = new BigUint64Array();

/**
 * @param tasks how many numbers there are
 * @param until what is measured ends with so many; left out: with the last one
 */
export async function openWorker(
  contender: string,
  target: Target,
  concurrency: number,
  tasks: number,
  until?: number,
): Promise<void> {
  const own = new Tally(tasks, until);
  const found = await contenderOf(contender);
  tally = own;
  worker = await found.openWorker(target, { concurrency, handle: (payload) => own.take(payload) });
}

/** One that notes when each task begins, and tells of each that it was handled. */
export async function openTimedWorker(
  contender: string,
  target: Target,
  concurrency: number,
  tasks: number,
): Promise<void> {
  const own = new Tally(tasks);
  const starts = new BigUint64Array(tasks);
  const found = await contenderOf(contender);
  tally = own;
  startedAt = starts;
  worker = await found.openWorker(target, {
    concurrency,
    handle: (payload) => {
      const number = numberOf(payload);
      starts[number] = process.hrtime.bigint();
      own.take(payload);
      tell('handled', number);
    },
  });
}

/** How many tasks it has handled. */
export function handledCount(): number {
  return tally.count;
}

export function tallied(): Tallied {
  return tally.tallied();
}

/** When each task began, by the clock that all processes share; 0 when it has not. */
export function starts(): BigUint64Array {
  return startedAt;
}

export async function closeWorker(): Promise<void> {
  await worker?.close();
  worker = undefined;
}

export async function openMany(contender: string, redis: string, queues: readonly string[]): Promise<void> {
  worker = await (await contenderOf(contender)).openMany(redis, queues);
}
