/** A process with a whole application on the embedded engine. Everything exported is called from the orchestrator. */
import 'reflect-metadata';
import { Module, type INestApplicationContext, type Type } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { DepotModule, getQueueToken, Processor, Task, type Queue } from '../../../lib/index.js';
import { exploreProcessors } from '../../../lib/task/discovery/processor.explorer.js';
import { DEFAULT_POLICY } from '../../../lib/task/task.policy.js';
import type { TaskContext } from '../../../lib/task/task.context.js';
import { median } from '../../harness/figures.js';
import { payload, payloads, TASK_NAME, type BenchPayload } from '../../payload.js';
import { Tally, elapsed } from '../tasks/tally.js';

const QUEUE = 'bench';
const FILL_CHUNK = 2_000;
/** How often a bound and a direct call take turns. */
const TURNS = 10;

/** Nanoseconds for adds by so many loops, each of which waits for every add. Nobody works on them. */
export async function addInLoops(loops: number, count: number): Promise<bigint> {
  return adding(count, async (queue) => {
    const begun = process.hrtime.bigint();
    await inLoops(queue, loops, count);
    return process.hrtime.bigint() - begun;
  });
}

/** Nanoseconds for so many calls of `addBulk`. */
export async function addInBulks(bulks: number, size: number): Promise<bigint> {
  return adding(bulks * size, async (queue) => {
    let took = 0n;
    for (let at = 0; at < bulks; at++) {
      const all = bulk(at * size, size);
      const begun = process.hrtime.bigint();
      await queue.addBulk(all);
      took += process.hrtime.bigint() - begun;
    }
    return took;
  });
}

/** Nanoseconds from the first handler to the last, of a worker that finds a full queue. */
export async function drain(concurrency: number, tasks: number): Promise<bigint> {
  return running(concurrency, tasks, async (queue) => {
    await queue.pause();
    for (let from = 0; from < tasks; from += FILL_CHUNK)
      await queue.addBulk(bulk(from, Math.min(FILL_CHUNK, tasks - from)));
    await queue.resume();
  });
}

/** Nanoseconds from the first handler to the last, while as many loops as there are slots add and wait for each add. */
export async function addAndRun(concurrency: number, tasks: number): Promise<bigint> {
  return running(concurrency, tasks, (queue) => inLoops(queue, concurrency, tasks));
}

/** Nanoseconds a call, of a handler as the runtime calls it above the method called as it is. */
export async function handlerOverhead(calls: number): Promise<number> {
  const app = await start(applicationOf(1, () => undefined));
  const [found] = exploreProcessors(app.get(ModulesContainer), () => DEFAULT_POLICY).tasks;
  if (!found) throw new Error('no handler was found');
  const { handler } = found;
  const plain = { welcome: (_payload: BenchPayload): void => undefined };
  const task = payload(0);
  const context = {} as TaskContext;
  const differences: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const direct = await perCall(calls / TURNS, () => plain.welcome(task));
    const bound = await perCall(calls / TURNS, () => handler.run(task, context));
    differences.push(bound - direct);
  }
  await app.close();
  return median(differences);
}

async function perCall(calls: number, call: () => unknown): Promise<number> {
  for (let at = 0; at < calls / 10; at++) await call();
  const begun = process.hrtime.bigint();
  for (let at = 0; at < calls; at++) await call();
  return Number(process.hrtime.bigint() - begun) / calls;
}

async function adding(tasks: number, work: (queue: Queue) => Promise<bigint>): Promise<bigint> {
  @Module({ imports: [DepotModule.forRoot({ workers: 'none' }), DepotModule.registerQueue({ name: QUEUE })] })
  class ProducerModule {}
  const app = await start(ProducerModule);
  const queue = app.get<Queue>(getQueueToken(QUEUE));
  const took = await work(queue);
  const { waiting } = await queue.counts();
  await app.close();
  if (waiting !== tasks) throw new Error(`${tasks} tasks were added, and there are ${waiting}`);
  return took;
}

async function running(
  concurrency: number,
  tasks: number,
  produce: (queue: Queue) => Promise<unknown>,
): Promise<bigint> {
  const tally = new Tally(tasks, tasks);
  let done = (): void => undefined;
  const handled = new Promise<void>((resolve) => (done = resolve));
  const module = applicationOf(concurrency, (task) => {
    tally.take(task);
    if (tally.count === tasks) done();
  });
  const app = await start(module);
  const queue = app.get<Queue>(getQueueToken(QUEUE));
  await produce(queue);
  await handled;
  await ended(queue);
  await app.close();
  return elapsed([tally.tallied()], tasks);
}

/** The last handler was called, and its task is about to end. */
async function ended(queue: Queue): Promise<void> {
  for (let looks = 0; looks < 1_000; looks++) {
    const { waiting, delayed, active } = await queue.counts();
    if (waiting + delayed + active === 0) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('all tasks were handled, and some are left');
}

async function inLoops(queue: Queue, loops: number, count: number): Promise<void> {
  let next = 0;
  const loop = async (): Promise<void> => {
    while (next < count) await queue.add(TASK_NAME, payload(next++));
  };
  await Promise.all(Array.from({ length: loops }, loop));
}

function bulk(from: number, count: number): { name: string; payload: BenchPayload }[] {
  return payloads(from, count).map((one) => ({ name: TASK_NAME, payload: one }));
}

function start(module: Type): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(module, { logger: ['warn', 'error'], abortOnError: false });
}

function applicationOf(concurrency: number, handle: (payload: BenchPayload) => void): Type {
  @Processor(QUEUE, { concurrency })
  class WelcomeProcessor {
    @Task()
    welcome(task: BenchPayload): void {
      handle(task);
    }
  }
  @Module({
    imports: [DepotModule.forRoot({}), DepotModule.registerQueue({ name: QUEUE })],
    providers: [WelcomeProcessor],
  })
  class EmbeddedModule {}
  return EmbeddedModule;
}
