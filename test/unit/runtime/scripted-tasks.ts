import type { RestingConsumer, TaskBroker } from '../../../lib/task/task.broker.js';

/** What all queues are asked together: each call is noted and answered as the test says. */
export class ScriptedTasks implements Pick<TaskBroker, 'quiet' | 'rest'> {
  readonly calls: string[] = [];
  /** Queues that have something in them. */
  readonly astir = new Set<string>();
  onRest = async (): Promise<boolean> => true;
  onQuiet = async (queues: readonly string[]): Promise<boolean> =>
    !queues.some((queue) => this.astir.has(queue));

  quiet(queues: readonly string[]): Promise<boolean> {
    this.calls.push(`quiet ${queues.join(' ')}`);
    return this.onQuiet(queues);
  }

  rest(consumers: readonly RestingConsumer[]): Promise<boolean> {
    this.calls.push(`rest ${consumers.map(({ queue, consumer }) => `${consumer} of ${queue}`).join(', ')}`);
    return this.onRest();
  }

  count(call: string): number {
    return this.calls.filter((made) => made === call).length;
  }

  /** The calls since it was asked last. */
  news(): readonly string[] {
    return this.calls.splice(0);
  }
}
