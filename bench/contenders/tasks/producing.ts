/** The producer's part of a task process. Everything exported is called from the orchestrator. */
import { setTimeout as pause } from 'node:timers/promises';
import { random } from '../../../test/support/random.js';
import { payload, payloads } from '../../payload.js';
import { contenderOf } from './contenders.js';
import type { Target, TaskProducer } from './task.contender.js';

const FILL_CHUNK = 2_000;
const EMPTY_WITHIN_MS = 10_000;
const HANDLED_WITHIN_MS = 10_000;
const LONGEST_PAUSE_MS = 10;

let producer: TaskProducer | undefined;
let handled = (_number: number): void => undefined;

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

/** Nanoseconds for so many calls of the library's bulk add, numbers from `from` on; the payloads are there before. */
export async function addInBulks(bulks: number, size: number, from = 0): Promise<bigint> {
  const open = producing();
  let took = 0n;
  for (let at = 0; at < bulks; at++) {
    const all = payloads(from + at * size, size);
    const begun = process.hrtime.bigint();
    await open.addMany(all);
    took += process.hrtime.bigint() - begun;
  }
  return took;
}

/** One task at a time, each a random pause after the one before was handled. Returns when each `add` was called. */
export async function addWhenHandled(count: number, seed: number): Promise<BigUint64Array> {
  const open = producing();
  const { next } = random(seed);
  const calledAt = new BigUint64Array(count);
  for (let number = 0; number < count; number++) {
    await pause(next() * LONGEST_PAUSE_MS);
    const done = new Promise<void>((resolve) => (handled = (last) => last === number && resolve()));
    const task = payload(number);
    calledAt[number] = process.hrtime.bigint();
    const added = open.add(task);
    await Promise.race([done, tooLate(number)]);
    await added;
  }
  return calledAt;
}

export function wasHandled(number: number): void {
  handled(number);
}

/** Tasks that fall due at random moments of a time that begins soon. Returns when, in milliseconds since the epoch. */
export async function addDelayed(
  count: number,
  soonMs: number,
  overMs: number,
  seed: number,
): Promise<number[]> {
  const open = producing();
  const { below } = random(seed);
  const from = Date.now() + soonMs;
  const dueAt = Array.from({ length: count }, () => from + below(overMs));
  await Promise.all(dueAt.map((at, number) => open.addDelayed(payload(number), at)));
  if (Date.now() >= from) throw new Error(`adding ${count} delayed tasks took longer than ${soonMs} ms`);
  return dueAt;
}

export async function left(): Promise<number> {
  return producing().left();
}

/** How many tasks are left once nothing is, or for good. */
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

async function tooLate(number: number): Promise<never> {
  await pause(HANDLED_WITHIN_MS, undefined, { ref: false });
  throw new Error(`task ${number} was not handled within ${HANDLED_WITHIN_MS} ms`);
}

function producing(): TaskProducer {
  if (!producer) throw new Error('no producer is open');
  return producer;
}
