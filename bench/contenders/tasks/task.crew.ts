import { setTimeout as pause } from 'node:timers/promises';
import { uniqueNamespace } from '../../../test/support/namespace.js';
import { BenchProcess } from '../../harness/bench-process.js';
import type { Stage } from '../../harness/suite.js';
import { elapsed } from './tally.js';
import type { Target } from './task.contender.js';

type Role = typeof import('./task.role.js');
type TaskProcess = BenchProcess<Role>;

const ROLE = new URL('./task.role.ts', import.meta.url);
const POLL_MS = 20;
const STUCK_AFTER_MS = 60_000;

export interface Drain {
  readonly tasks: number;
  readonly concurrency: number;
  readonly processes?: number;
  /** Called when the queue is full, and when all of it has been handled. */
  readonly around?: { readonly before: () => Promise<void>; readonly after: () => Promise<void> };
}

/** The processes of one contender: a producer and its workers, kept for the whole run, so that they are warm. */
export class TaskCrew {
  private readonly started = new Map<string, Promise<TaskProcess>>();

  constructor(
    readonly contender: string,
    private readonly stage: Stage,
  ) {}

  producer(): Promise<TaskProcess> {
    return this.process('producer');
  }

  worker(index = 0): Promise<TaskProcess> {
    return this.process(`worker-${index}`);
  }

  /** A target that nobody has used. */
  target(redis: string, options: Omit<Target, 'redis' | 'queue'> = {}): Target {
    return { redis, queue: uniqueNamespace('bench'), ...options };
  }

  /** Opens a producer, does this with it, checks that so many tasks were added, and closes it. */
  async produce<T>(target: Target, tasks: number, work: (producer: TaskProcess) => Promise<T>): Promise<T> {
    const producer = await this.producer();
    await producer.call('openProducer', this.contender, target);
    try {
      const result = await work(producer);
      const left = await producer.call('left');
      if (left !== tasks) throw new Error(`${this.contender} added ${tasks} tasks, and there are ${left}`);
      return result;
    } finally {
      await producer.call('closeProducer');
    }
  }

  /** Nanoseconds from the first handler to the last, of workers that find a full queue. Every task is run exactly once. */
  async drain(target: Target, { tasks, concurrency, processes = 1, around }: Drain): Promise<bigint> {
    const producer = await this.producer();
    const workers = await Promise.all(Array.from({ length: processes }, (_, index) => this.worker(index)));
    const full = { ...target, concurrency: concurrency * processes };
    await producer.call('openProducer', this.contender, full);
    await producer.call('fill', 0, tasks);
    await around?.before();
    await Promise.all(
      workers.map((worker) => worker.call('openWorker', this.contender, target, concurrency, tasks)),
    );
    await this.handled(workers, tasks);
    await around?.after();
    const left = await producer.call('leftInTheEnd');
    if (left > 0) throw new Error(`${this.contender} handled all tasks, and ${left} are left`);
    await Promise.all(workers.map((worker) => worker.call('closeWorker')));
    await producer.call('closeProducer');
    return elapsed(await Promise.all(workers.map((worker) => worker.call('tallied'))), tasks);
  }

  private async handled(workers: readonly TaskProcess[], tasks: number): Promise<void> {
    const deadline = performance.now() + STUCK_AFTER_MS;
    for (;;) {
      const counts = await Promise.all(workers.map((worker) => worker.call('handledCount')));
      const count = counts.reduce((sum, one) => sum + one, 0);
      if (count >= tasks) return;
      if (performance.now() > deadline) {
        throw new Error(`${this.contender} handled ${count} of ${tasks} tasks in ${STUCK_AFTER_MS} ms`);
      }
      await pause(POLL_MS);
    }
  }

  private process(name: string): Promise<TaskProcess> {
    const process = this.started.get(name) ?? this.start(name);
    this.started.set(name, process);
    return process;
  }

  private async start(name: string): Promise<TaskProcess> {
    const process = this.stage.own(await BenchProcess.start<Role>(ROLE));
    if (this.contender === 'depot') this.stage.watch(name, process);
    return process;
  }
}

const CREWS = new WeakMap<Stage, Map<string, TaskCrew>>();

/** The crew of a contender, one for all suites of a run. */
export function crewOf(stage: Stage, contender: string): TaskCrew {
  const crews = CREWS.get(stage) ?? new Map<string, TaskCrew>();
  CREWS.set(stage, crews);
  const crew = crews.get(contender) ?? new TaskCrew(contender, stage);
  crews.set(contender, crew);
  return crew;
}
