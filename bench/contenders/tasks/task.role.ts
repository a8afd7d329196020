/** A process that produces or works, with any of the contenders. Each function is called from the orchestrator. */
import { setTimeout as pause } from 'node:timers/promises';
import { payload, payloads } from '../../payload.js';
import { Tally, type Tallied } from './tally.js';
import type { Closable, Target, TaskContender, TaskProducer } from './task.contender.js';

/** A process loads only its own. */
const CONTENDERS: Readonly<Record<string, () => Promise<TaskContender>>> = {
  depot: async () => (await import('./depot.contender.js')).depot,
  bullmq: async () => (await import('./bullmq.contender.js')).bullmq,
  'bee-queue': async () => (await import('./bee-queue.contender.js')).beeQueue,
  groupmq: async () => (await import('./groupmq.contender.js')).groupmq,
  ioredis: async () => (await import('./ioredis.contender.js')).ioredis,
};
const FILL_CHUNK = 2_000;
const EMPTY_WITHIN_MS = 10_000;

let producer: TaskProducer | undefined;
let worker: Closable | undefined;
let tally = new Tally(0);

export async function openProducer(contender: string, target: Target): Promise<void> {
  producer = await (await contenderOf(contender)).openProducer(target);
}

/** Numbers from `from` on, however is fastest. */
export async function fill(from: number, count: number): Promise<void> {
  for (let done = 0; done < count; done += FILL_CHUNK)
    await producing().addMany(payloads(from + done, Math.min(FILL_CHUNK, count - done)));
}

/** Nanoseconds for adds by so many loops, each of which waits for every add. */
export async function addInLoops(loops: number, count: number): Promise<bigint> {
  const open = producing();
  let next = 0;
  const loop = async (): Promise<void> => {
    while (next < count) await open.add(payload(next++));
  };
  const begun = process.hrtime.bigint();
  await Promise.all(Array.from({ length: loops }, loop));
  return process.hrtime.bigint() - begun;
}

/** Nanoseconds for so many calls of the library's bulk add; the payloads are there before. */
export async function addInBulks(bulks: number, size: number): Promise<bigint> {
  const open = producing();
  let took = 0n;
  for (let at = 0; at < bulks; at++) {
    const all = payloads(at * size, size);
    const begun = process.hrtime.bigint();
    await open.addMany(all);
    took += process.hrtime.bigint() - begun;
  }
  return took;
}

export async function left(): Promise<number> {
  return producing().left();
}

/** How many tasks are left once that does not change to nothing any more. */
export async function leftInTheEnd(): Promise<number> {
  const deadline = performance.now() + EMPTY_WITHIN_MS;
  for (;;) {
    const tasks = await producing().left();
    if (tasks === 0 || performance.now() > deadline) return tasks;
    await pause(10);
  }
}

export async function closeProducer(): Promise<void> {
  await producer?.close();
  producer = undefined;
}

/** @param tasks how many numbers there are */
export async function openWorker(
  contender: string,
  target: Target,
  concurrency: number,
  tasks: number,
): Promise<void> {
  const own = new Tally(tasks);
  const found = await contenderOf(contender);
  tally = own;
  worker = await found.openWorker(target, { concurrency, handle: (payload) => own.take(payload) });
}

/** How many tasks it has handled. */
export function handled(): number {
  return tally.count;
}

export function tallied(): Tallied {
  return tally.tallied();
}

export async function closeWorker(): Promise<void> {
  await worker?.close();
  worker = undefined;
}

export async function openMany(contender: string, redis: string, queues: readonly string[]): Promise<void> {
  worker = await (await contenderOf(contender)).openMany(redis, queues);
}

function contenderOf(name: string): Promise<TaskContender> {
  const load = CONTENDERS[name];
  if (!load) throw new Error(`there is no contender ${name}`);
  return load();
}

function producing(): TaskProducer {
  if (!producer) throw new Error('no producer is open');
  return producer;
}
