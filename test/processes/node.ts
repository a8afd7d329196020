import type { QueueOptions } from 'nestjs-depot';
import { AppProcess } from '../acceptance/app-process.js';
import type { Adding, AddingAll, Asking, Blown, NodeSettings, Opening, Serving, Storm } from './node.app.js';

const APP = new URL('./node.app.ts', import.meta.url);

/** A process of its own, with as many applications of the library as tests open in it. */
export class Node implements AsyncDisposable {
  private constructor(readonly process: AppProcess) {}

  static async start(settings: NodeSettings): Promise<Node> {
    return new Node(await AppProcess.start(APP, settings));
  }

  get pid(): number {
    return this.process.pid;
  }

  /** What its applications have warned of. */
  get log(): string {
    return this.process.log;
  }

  async open(opening: Opening): Promise<void> {
    await this.process.call('open', opening);
  }

  async close(namespace: string): Promise<void> {
    await this.process.call('leave', namespace);
  }

  /** Adds tasks and returns their ids. */
  async add(namespace: string, queue: string, tasks: readonly Adding[]): Promise<readonly string[]> {
    return this.process.call('addBulk', { namespace, queue, tasks } satisfies AddingAll);
  }

  async ask<T>(namespace: string, queue: string, method: string, ...args: readonly unknown[]): Promise<T> {
    return this.process.call<T>('ask', { namespace, queue, method, args } satisfies Asking);
  }

  /** Adds a task and waits for its result. */
  async run(namespace: string, queue: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.process.call('run', { namespace, queue, method: 'add', args } satisfies Asking);
  }

  async storm(storm: Storm): Promise<readonly Blown[]> {
    return this.process.call('storm', storm);
  }

  async kill(): Promise<void> {
    await this.process.kill();
  }

  /** Closes what is open; fails when the process does not end by itself then. */
  async stop(): Promise<void> {
    await this.process.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.kill();
  }
}

/** A queue of that name, as it is served in a process. */
export const serving = (
  name: string,
  concurrency: number,
  options: Omit<QueueOptions, 'name'> = {},
  more: Omit<Serving, 'options' | 'concurrency'> = {},
): Serving => ({ options: { name, ...options }, concurrency, ...more });

export const numbered = (count: number, make: (index: number) => Adding): Adding[] =>
  Array.from({ length: count }, (_, index) => make(index));
