import { encode } from '../../common/codec.js';
import type { NoteKind } from '../task.broker.js';
import { TaskContext } from '../task.context.js';

/** What a running task reports to. */
export type TakeNote = (id: string, kind: NoteKind, text: string) => Promise<void>;

export interface RunningTaskInit {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly attempt: number;
  readonly attempts: number;
  readonly payload: unknown;
  readonly enqueuedAtMs: number;
  readonly maxProgressBytes: number;
  readonly now: () => number;
  readonly note: TakeNote;
}

/** A log line is cut there: one alone must not be longer than the whole log. */
const MAX_LINE = 16_384;

/** One attempt of a task in this process. Its abort signal is made when somebody asks for it. */
export class RunningTask extends TaskContext {
  private controller: AbortController | undefined;
  private abortedWith: Error | undefined;

  constructor(private readonly init: RunningTaskInit) {
    super();
  }

  get id(): string {
    return this.init.id;
  }
  get name(): string {
    return this.init.name;
  }
  get queue(): string {
    return this.init.queue;
  }
  get attempt(): number {
    return this.init.attempt;
  }
  get attempts(): number {
    return this.init.attempts;
  }
  get payload(): unknown {
    return this.init.payload;
  }
  get enqueuedAt(): Date {
    return new Date(this.init.enqueuedAtMs);
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.abortedWith) this.controller.abort(this.abortedWith);
    }
    return this.controller.signal;
  }

  override progress(value: unknown): Promise<void> {
    return this.note('progress', encode(value, `progress of ${this.title}`, this.init.maxProgressBytes));
  }

  override log(line: string): Promise<void> {
    return this.note('log', JSON.stringify([this.init.now(), line.slice(0, MAX_LINE)]));
  }

  /** An attempt that is over has nothing more to tell: the task may be in its next one. */
  private async note(kind: NoteKind, text: string): Promise<void> {
    if (!this.aborted) await this.init.note(this.id, kind, text);
  }

  /** The attempt is over before its handler is. */
  abort(reason: Error): void {
    this.abortedWith ??= reason;
    this.controller?.abort(reason);
  }

  get aborted(): boolean {
    return this.abortedWith !== undefined;
  }

  /** `task 'welcome' (id …) of queue 'email'`, for messages. */
  get title(): string {
    return `task '${this.name}' (${this.id}) of queue '${this.queue}'`;
  }
}
