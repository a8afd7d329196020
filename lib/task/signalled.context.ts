import { TaskContext } from './task.context.js';

/** A task whose signal aborts for one more reason. */
export class SignalledContext extends TaskContext {
  private both: AbortSignal | undefined;

  /** @param other aborts for that reason */
  constructor(
    private readonly task: TaskContext,
    private readonly other: () => AbortSignal,
  ) {
    super();
  }

  get id(): string {
    return this.task.id;
  }
  get name(): string {
    return this.task.name;
  }
  get queue(): string {
    return this.task.queue;
  }
  get attempt(): number {
    return this.task.attempt;
  }
  get attempts(): number {
    return this.task.attempts;
  }
  get payload(): unknown {
    return this.task.payload;
  }
  get enqueuedAt(): Date {
    return this.task.enqueuedAt;
  }
  get signal(): AbortSignal {
    // Each time: whoever is asked for it may look at the clock, and know more than any event has told so far.
    const other = this.other();
    this.both ??= AbortSignal.any([this.task.signal, other]);
    return this.both;
  }

  override progress(value: unknown): Promise<void> {
    return this.task.progress(value);
  }

  override log(line: string): Promise<void> {
    return this.task.log(line);
  }
}
