import type { TaskEventName } from '../../task/event.record.js';
import type {
  Ack,
  Added,
  Beat,
  ConsumerRecord,
  Finished,
  Joined,
  NewTask,
  NoteKind,
  Push,
  QueueBroker,
  Rooms,
  Step,
  TaskRecord,
} from '../../task/task.broker.js';
import { envelopeHeads } from '../../task/task.envelope.js';
import type { TaskState } from '../../task/task.state.js';
import type { EmbeddedQueue } from './embedded-queue.js';
import { counts, listed, record } from './queue-view.js';

/** What a process has said it wants to hear of a queue. */
export interface QueueListeners {
  readonly push: ((push: Push) => void)[];
  readonly room: (() => void)[];
}

/** A queue as one process has it. Async, so that whatever is wrong is a rejection, as from an engine far away. */
export class EmbeddedQueueBroker implements QueueBroker {
  constructor(
    readonly name: string,
    private readonly queue: EmbeddedQueue,
    private readonly process: string,
    private readonly listeners: QueueListeners,
    /** Limits that held before this process opened the queue, if it brought others. */
    private readonly replacedLimits: string | undefined,
  ) {}

  async add(tasks: readonly NewTask[]): Promise<readonly Added[]> {
    const added = this.queue.add(this.process, tasks);
    // As if it were far away: whoever adds in a loop must not keep timers and sockets waiting.
    await new Promise((resolve) => setImmediate(resolve));
    return added;
  }

  async join(previous?: { readonly consumer: string; readonly keep: readonly string[] }): Promise<Joined> {
    return this.queue.join(this.process, previous);
  }

  async step(consumer: string, acks: readonly Ack[], slots: number, rooms?: Rooms): Promise<Step> {
    return this.queue.step(consumer, acks, slots, rooms);
  }

  async beat(consumer: string, state: 'busy' | 'idle'): Promise<Beat> {
    return this.queue.beat(consumer, state);
  }

  async leave(consumer: string): Promise<void> {
    this.queue.leave(consumer);
  }

  async note(consumer: string, id: string, kind: NoteKind, text: string): Promise<boolean> {
    return this.queue.note(consumer, id, kind, text);
  }

  async awaitOutcome(id: string): Promise<Finished | 'pending' | 'unknown'> {
    return this.queue.awaitOutcome(this.process, id);
  }

  async tidy(consumer: string, names: readonly string[]): Promise<{ readonly more: boolean }> {
    const heads = new Set(names.flatMap(envelopeHeads));
    return this.queue.tidy(consumer, (envelope) => heads.has(envelope.slice(0, envelope.indexOf('\n') + 1)));
  }

  async read(ids: readonly string[]): Promise<readonly (TaskRecord | undefined)[]> {
    return ids.map((id) => record(this.queue.moves, id));
  }

  async list(state: TaskState, start: number, stop: number): Promise<readonly string[]> {
    const ids = listed(this.queue.moves, state);
    const rank = (at: number): number => (at < 0 ? ids.length + at : at);
    return ids.slice(Math.max(0, rank(start)), Math.max(0, rank(stop) + 1));
  }

  async counts(): Promise<Readonly<Record<TaskState, number>>> {
    return counts(this.queue.moves);
  }

  async remove(ids: readonly string[]): Promise<readonly ('removed' | 'missing' | 'active')[]> {
    return this.queue.remove(ids);
  }

  async cancel(
    ids: readonly string[],
  ): Promise<readonly ('cancelled' | 'cancelling' | 'ended' | 'missing')[]> {
    return this.queue.cancel(ids);
  }

  async promote(ids: readonly string[]): Promise<readonly boolean[]> {
    return this.queue.promoteAll(ids);
  }

  async retry(ids: readonly string[], everyMs: number, firstInMs = 0): Promise<readonly boolean[]> {
    return this.queue.retry(ids, everyMs, firstInMs);
  }

  async clean(state: Exclude<TaskState, 'active'>, olderThanMs: number): Promise<number> {
    return this.queue.clean(state, olderThanMs);
  }

  async pause(name?: string): Promise<void> {
    this.queue.pause(name);
  }

  async resume(name?: string): Promise<void> {
    this.queue.resume(name);
  }

  async paused(): Promise<{ readonly queue: boolean; readonly names: readonly string[] }> {
    const { paused, pausedNames } = this.queue.moves.limits;
    return { queue: paused, names: [...pausedNames].sort() };
  }

  async obliterate(): Promise<void> {
    this.queue.obliterate();
  }

  async consumers(): Promise<readonly ConsumerRecord[]> {
    const { consumers } = this.queue.moves;
    return [...consumers.all()]
      .filter((consumer) => !consumers.isOverdue(consumer))
      .map(({ name, process, hand, deadline }) => ({
        consumer: name,
        process,
        active: hand.length,
        until: deadline,
      }));
  }

  async subscribe(pushed: readonly TaskEventName[], stored: readonly TaskEventName[]): Promise<void> {
    this.queue.subscribe(this.process, pushed, stored);
  }

  onRoom(listener: () => void): void {
    this.listeners.room.push(listener);
  }

  onLimitsReplaced(listener: (before: string) => void): void {
    if (this.replacedLimits !== undefined) listener(this.replacedLimits);
  }

  onPush(listener: (push: Push) => void): void {
    this.listeners.push.push(listener);
  }

  /** Nothing that is pushed in memory is lost. */
  onGap(): void {
    return;
  }
}
