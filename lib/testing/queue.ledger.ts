import type { TaskSnapshot } from '../task/queue.js';
import type { Ack, ClaimedTask, QueueBroker, TaskRecord } from '../task/task.broker.js';
import type { TaskCodec } from '../task/task.codec.js';
import { snapshot } from '../task/task.snapshot.js';
import { FINAL_STATES, TASK_STATES, type FinalState, type TaskState } from '../task/task.state.js';

/** A task as an assertion sees it. */
export class Entry {
  private read: TaskSnapshot | undefined;

  constructor(
    private readonly queue: string,
    readonly record: TaskRecord,
    private readonly codec: Pick<TaskCodec, 'decode'>,
  ) {}

  /** The first line of an envelope is its version, one character, and the name. */
  get name(): string {
    const { envelope } = this.record;
    return envelope.slice(1, Math.max(1, envelope.indexOf('\n')));
  }

  get isFinal(): boolean {
    return FINAL_STATES.includes(this.record.state as FinalState);
  }

  get snapshot(): TaskSnapshot {
    this.read ??= snapshot(this.queue, this.record, this.codec);
    return this.read;
  }
}

/** An attempt that was acknowledged, of a task as it was claimed. */
export interface EndedAttempt {
  readonly task: ClaimedTask;
  readonly ack: Ack;
  readonly at: number;
}

const DEFAULT_PRIORITY = 5;

/**
 * What a queue has, kept up to date beside it: `expect(queue).toHaveCompleted(…)` has to know at once, and a queue
 * answers with promises. What has ended is remembered, however soon the queue's retention drops it.
 */
export class QueueLedger {
  private entries = new Map<string, Entry>();
  private states = new Map<TaskState, readonly string[]>();
  /** What ended and is kept no more, in the order in which it ended. */
  private gone: Entry[] = [];
  private done: Promise<void> = Promise.resolve();

  constructor(
    private readonly broker: QueueBroker,
    private readonly codec: () => Pick<TaskCodec, 'decode'>,
  ) {}

  /** The tasks in these states, in the order in which they will run, fall due or ended. */
  in(...states: readonly TaskState[]): readonly Entry[] {
    return states.flatMap((state) => [
      ...this.gone.filter(({ record }) => record.state === state),
      ...(this.states.get(state) ?? []).flatMap((id) => this.entries.get(id) ?? []),
    ]);
  }

  /**
   * Reads what changed.
   *
   * @param ids the tasks that may have changed without changing their state; left out: any
   */
  refresh(ids?: readonly string[]): Promise<void> {
    return this.after(() => this.read(ids));
  }

  /** These attempts have just ended: what they ended may soon be kept no more, or is not kept at all. */
  ended(attempts: readonly EndedAttempt[]): Promise<void> {
    return this.after(async () => {
      const kept = new Map<string, Entry>();
      for (const entry of await this.look(attempts.map(({ task }) => task.id)))
        kept.set(entry.record.id, entry);
      for (const attempt of attempts) {
        const entry = kept.get(attempt.task.id);
        if (!entry) this.gone.push(...this.unkept(attempt));
        else if (entry.isFinal) this.put(entry);
      }
    });
  }

  /** Tasks were deleted on purpose: what is there no more did not end. */
  forget(): Promise<void> {
    return this.after(async () => {
      this.entries.clear();
      await this.read(undefined);
    });
  }

  /** Everything was deleted. */
  clear(): Promise<void> {
    this.gone = [];
    return this.forget();
  }

  /** One after another: what was read first must not be written last. */
  private after(work: () => Promise<void>): Promise<void> {
    this.done = this.done.then(work);
    return this.done;
  }

  private async read(ids: readonly string[] | undefined): Promise<void> {
    const lists = await Promise.all(
      TASK_STATES.map(async (state) => [state, await this.broker.list(state, 0, -1)] as const),
    );
    const touched = new Set(ids);
    const listed = new Set<string>();
    const stale: string[] = [];
    for (const [state, inState] of lists) {
      for (const id of inState) {
        listed.add(id);
        const known = this.entries.get(id)?.record.state === state && ids !== undefined && !touched.has(id);
        if (!known) stale.push(id);
      }
    }
    for (const entry of await this.look(stale)) this.put(entry);
    for (const [id, entry] of this.entries) {
      if (listed.has(id)) continue;
      this.entries.delete(id);
      if (entry.isFinal) this.gone.push(entry);
    }
    this.gone.sort((a, b) => (a.record.at ?? 0) - (b.record.at ?? 0));
    this.states = new Map(lists);
  }

  /** What the queue would have of the task if it kept any. */
  private unkept({ task, ack, at }: EndedAttempt): readonly Entry[] {
    if (ack.to !== 'completed' && ack.to !== 'dead') return [];
    const record: TaskRecord = {
      id: task.id,
      state: ack.to,
      envelope: task.envelope,
      tries: ack.to === 'dead' ? ack.tries : task.tries,
      at,
      outcome: ack.outcome,
      progress: undefined,
      log: [],
      history: [],
      priority: DEFAULT_PRIORITY,
      group: undefined,
      uniqueKey: undefined,
      expiresAt: undefined,
    };
    return [this.entry(record)];
  }

  private async look(ids: readonly string[]): Promise<readonly Entry[]> {
    const records = await this.broker.read(ids);
    return records.flatMap((record) => (record ? [this.entry(record)] : []));
  }

  private entry(record: TaskRecord): Entry {
    return new Entry(this.broker.name, record, this.codec());
  }

  /** Another task may have taken the id of one that ended and was dropped. */
  private put(entry: Entry): void {
    const { id, envelope } = entry.record;
    const before = this.entries.get(id);
    if (before?.isFinal && before.record.envelope !== envelope) this.gone.push(before);
    this.entries.set(id, entry);
  }
}
