import type { BenchPayload } from '../../payload.js';

/** A task library, as its users set it up for tasks that run at least once. */
export interface TaskContender {
  openProducer(target: Target): Promise<TaskProducer>;
  /** Works from the moment that it is opened until it is closed. */
  openWorker(target: Target, options: TaskWorkerOptions): Promise<Closable>;
  /** A producer and a worker for each of these queues, with as few connections as the library lets them have. */
  openMany(redis: string, queues: readonly string[]): Promise<Closable>;
}

export interface Target {
  /** URL */
  readonly redis: string;
  /** The queue, which nobody else uses. */
  readonly queue: string;
  /** Tasks that run at the same time, in all processes: for those that have to be told by the tasks. @default 100 */
  readonly concurrency?: number;
  /** Whether there are delayed tasks: some need a switch to be turned on for these. */
  readonly delays?: boolean;
}

export interface TaskProducer extends Closable {
  add(payload: BenchPayload): Promise<unknown>;
  /** By whatever the library has for many at once. */
  addMany(payloads: readonly BenchPayload[]): Promise<unknown>;
  /** @param dueAt milliseconds since the epoch */
  addDelayed(payload: BenchPayload, dueAt: number): Promise<unknown>;
  /** How many tasks have not ended. */
  left(): Promise<number>;
}

export interface TaskWorkerOptions {
  readonly concurrency: number;
  readonly handle: (payload: BenchPayload) => void;
}

export interface Closable {
  close(): Promise<unknown>;
}
