/** A process of the soak: adds tasks, runs them, or both. Everything exported is called from the orchestrator. */
import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DepotModule, getQueueToken, Processor, Task, type Queue } from '../../lib/index.js';
import { numberOf, payload, TASK_NAME, type BenchPayload } from '../payload.js';

/** Counts and sums of numbers: the same for what was added and what was run, unless something was lost or doubled. */
export interface SoakCounts {
  readonly added: number;
  readonly addedSum: number;
  readonly handled: number;
  readonly handledSum: number;
}

const QUEUE = 'soak';
const CONCURRENCY = 100;
const LOOPS = 256;
const TICK_MS = 5;
/** Numbers begin again here, so that every payload is of the same length and sums stay exact. */
const NUMBERS = 1_000_000;

let app: INestApplicationContext | undefined;
let added = 0;
let addedSum = 0;
let handled = 0;
let handledSum = 0;
let adding: Promise<void> = Promise.resolve();
let ending = false;

@Processor(QUEUE, { concurrency: CONCURRENCY })
class SoakProcessor {
  @Task()
  welcome(task: BenchPayload): void {
    handled++;
    handledSum += numberOf(task);
  }
}

/** @param redis URL; left out: the embedded engine */
export async function open(redis: string | undefined, works: boolean): Promise<void> {
  @Module({
    imports: [
      DepotModule.forRoot({ redis, workers: works ? 'all' : 'none' }),
      DepotModule.registerQueue({ name: QUEUE }),
    ],
    providers: [SoakProcessor],
  })
  class SoakModule {}
  app = await NestFactory.createApplicationContext(SoakModule, {
    logger: ['warn', 'error'],
    abortOnError: false,
  });
}

/** Adds as fast as is possible for so long. */
export async function flood(forMs: number): Promise<void> {
  const until = performance.now() + forMs;
  const queue = queueOf();
  const loop = async (): Promise<void> => {
    while (performance.now() < until) await add(queue);
  };
  await Promise.all(Array.from({ length: LOOPS }, loop));
}

/** Adds so many a second from now on. */
export function startAdding(perSecond: number): void {
  ending = false;
  adding = addAtPace(queueOf(), perSecond);
}

export async function stopAdding(): Promise<void> {
  ending = true;
  await adding;
}

export function counts(): SoakCounts {
  return { added, addedSum, handled, handledSum };
}

/** How many tasks have not ended. */
export async function left(): Promise<number> {
  const { waiting, delayed, active } = await queueOf().counts();
  return waiting + delayed + active;
}

export async function close(): Promise<void> {
  await app?.close();
}

async function addAtPace(queue: Queue, perSecond: number): Promise<void> {
  let last = performance.now();
  let owed = 0;
  while (!ending) {
    await pause(TICK_MS);
    const now = performance.now();
    // A pace that can't be kept is not made up for.
    owed = Math.min(owed + ((now - last) * perSecond) / 1_000, perSecond);
    last = now;
    const due = Math.floor(owed);
    owed -= due;
    await Promise.all(Array.from({ length: due }, () => add(queue)));
  }
}

async function add(queue: Queue): Promise<void> {
  const number = added++ % NUMBERS;
  addedSum += number;
  await queue.add(TASK_NAME, payload(number));
}

function queueOf(): Queue {
  if (!app) throw new Error('it is not open');
  return app.get<Queue>(getQueueToken(QUEUE));
}
