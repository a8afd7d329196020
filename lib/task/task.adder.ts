import { wait, type Clock } from '../common/clock.js';
import { EngineClosedError, EngineUnavailableError } from '../common/errors.js';
import { TickBatch } from '../common/tick-batch.js';
import type { Backpressure, QueueBackpressure } from './queue.limits.js';
import { RoomLine } from './room.line.js';
import type { Added, NewTask, QueueBroker } from './task.broker.js';

const REPEAT_PAUSE_MS = 100;

/** Adds tasks to one queue: those of a tick together, again when it is not known what came of it, and later when it is full. */
export class TaskAdder {
  private readonly tick = new TickBatch<NewTask, Added>((tasks) => this.send(tasks));
  private readonly line: RoomLine;

  /** @param offlineWaitMs how long adds are repeated, under the same ids, while the engine can't be reached */
  constructor(
    private readonly broker: QueueBroker,
    listen: () => Promise<void>,
    private readonly clock: Clock,
    private readonly backpressure: QueueBackpressure,
    private readonly offlineWaitMs: number,
  ) {
    this.line = new RoomLine(broker, listen, clock, (tasks) => this.send(tasks));
  }

  /** What came of the task. `full`: there was no room for it, for as long as it may wait. */
  async add(task: NewTask): Promise<Added> {
    const answer = this.line.holdsUp(task) ? FULL : await this.tick.add(task);
    return answer.to === 'full' ? this.whenThereIsRoom(task) : answer;
  }

  /** The same for each of these. */
  async addAll(tasks: readonly NewTask[]): Promise<readonly Added[]> {
    const answers = this.line.isEmpty ? await this.tick.addAll(tasks) : await this.behindOthers(tasks);
    if (!answers.some(({ to }) => to === 'full')) return answers;
    return Promise.all(
      tasks.map(async (task, i) => {
        const answer = answers[i] ?? FULL;
        return answer.to === 'full' ? this.whenThereIsRoom(task) : answer;
      }),
    );
  }

  /** Nobody waits for room any more. */
  close(): void {
    this.line.close();
  }

  /** What holds for a task that does not fit. Which backlog is full is not told; of a group's task it is taken for the group's. */
  policyOf(task: NewTask): Backpressure {
    return task.group === undefined ? this.backpressure.queue : this.backpressure.group;
  }

  /** Who comes later does not get the room that others wait for: for his task there is none. */
  private async behindOthers(tasks: readonly NewTask[]): Promise<readonly Added[]> {
    const free = new Set(tasks.filter((task) => !this.line.holdsUp(task)));
    const answers = free.size === 0 ? [] : await this.tick.addAll([...free]);
    const next = answers.values();
    return tasks.map((task) => (free.has(task) ? (next.next().value ?? FULL) : FULL));
  }

  private async whenThereIsRoom(task: NewTask): Promise<Added> {
    const { policy, timeoutMs } = this.policyOf(task);
    return policy === 'reject' ? FULL : this.line.wait(task, timeoutMs);
  }

  /** An add of unknown outcome is repeated under the same ids: what was stored already is not stored again (A6). */
  private async send(tasks: readonly NewTask[]): Promise<readonly Added[]> {
    const until = this.clock.now() + this.offlineWaitMs;
    for (let attempt = 1; ; attempt++) {
      try {
        const answers = await this.broker.add(tasks);
        return attempt === 1 ? answers : await this.repeated(tasks, answers);
      } catch (error) {
        const passing = error instanceof EngineUnavailableError && !(error instanceof EngineClosedError);
        if (!passing || this.clock.now() + REPEAT_PAUSE_MS > until) throw error;
        await wait(this.clock, REPEAT_PAUSE_MS);
      }
    }
  }

  /** After a repeat, what was there may be what an earlier try had stored: then it is the very same envelope, or has ended. */
  private async repeated(tasks: readonly NewTask[], answers: readonly Added[]): Promise<readonly Added[]> {
    const own = tasks.filter(({ id }, i) => {
      const answer = answers[i];
      return answer?.to === 'exists' && answer.id === id;
    });
    if (own.length === 0) return answers;
    const records = await this.broker.read(own.map(({ id }) => id));
    const stored = new Set(own.filter(({ envelope }, i) => (records[i]?.envelope ?? envelope) === envelope));
    return tasks.map((task, i) => (stored.has(task) ? ADDED : (answers[i] ?? FULL)));
  }
}

const ADDED: Added = { to: 'added' };
const FULL: Added = { to: 'full' };
