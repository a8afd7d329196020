import type { Clock } from '../../common/clock.js';
import type { ClaimedTask, NoteKind } from '../task.broker.js';
import { TaskContext } from '../task.context.js';
import type { Envelope } from '../task.envelope.js';
import type { TaskPolicy } from '../task.policy.js';
import type { TaskHandler } from './task.handler.js';

/** What a running task reports to. */
export type TakeNote = (id: string, kind: NoteKind, text: string) => Promise<void>;

/** Values as text and back; a `TaskCodec`. */
export interface Coding {
  encode(value: unknown, what: string, maxBytes?: number): string;
  decode(text: string, what: string): unknown;
}

/** What all tasks that run in one queue have in common. */
export interface Surroundings {
  readonly queue: string;
  readonly clock: Clock;
  readonly codec: Coding;
  readonly maxPayloadBytes: number;
}

/** A log line is cut there: one alone must not be longer than the whole log. */
const MAX_LINE = 16_384;

/** One attempt of a task in this process. Its abort signal is made when somebody asks for it. */
export class RunningTask extends TaskContext {
  /** When its handler was called. */
  startedAt = 0;
  /** Is told when the attempt is over before its handler is, ahead of the handler itself. */
  onAbort: ((reason: Error) => void) | undefined;
  private controller: AbortController | undefined;
  private abortedWith: Error | undefined;

  constructor(
    readonly task: ClaimedTask,
    readonly handler: TaskHandler,
    readonly policy: TaskPolicy,
    readonly payload: unknown,
    private readonly envelope: Envelope,
    private readonly around: Surroundings,
    private readonly takeNote: TakeNote,
  ) {
    super();
  }

  get id(): string {
    return this.task.id;
  }
  get name(): string {
    return this.envelope.name;
  }
  get queue(): string {
    return this.around.queue;
  }
  get attempt(): number {
    return this.task.tries + 1;
  }
  get attempts(): number {
    return this.policy.attempts;
  }
  get enqueuedAt(): Date {
    return new Date(this.envelope.enqueuedAt);
  }

  /** How long its result can be asked for. */
  get keepResultMs(): number | undefined {
    return this.envelope.overrides.keepResultMs;
  }

  /** When all of its attempts have to be over. */
  get deadlineAt(): number {
    const { deadlineMs } = this.policy;
    if (deadlineMs === undefined) return Number.POSITIVE_INFINITY;
    return this.envelope.enqueuedAt + (this.envelope.delayMs ?? 0) + deadlineMs;
  }

  /** The deadline is over. */
  get isLate(): boolean {
    return this.startedAt >= this.deadlineAt;
  }

  /** When this attempt has to be over. `undefined`: whenever it likes. */
  get boundAt(): number | undefined {
    const { timeoutMs, deadlineMs } = this.policy;
    if (timeoutMs === undefined) return deadlineMs === undefined ? undefined : this.deadlineAt;
    return Math.min(this.startedAt + timeoutMs, this.deadlineAt);
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.abortedWith) this.controller.abort(this.abortedWith);
    }
    return this.controller.signal;
  }

  override progress(value: unknown): Promise<void> {
    const { codec, maxPayloadBytes } = this.around;
    return this.note('progress', codec.encode(value, `progress of ${this.title}`, maxPayloadBytes));
  }

  override log(line: string): Promise<void> {
    const entry = [this.around.clock.now(), line.slice(0, MAX_LINE)];
    return this.note('log', this.around.codec.encode(entry, `log of ${this.title}`));
  }

  /** An attempt that is over has nothing more to tell: the task may be in its next one. */
  private async note(kind: NoteKind, text: string): Promise<void> {
    if (!this.aborted) await this.takeNote(this.id, kind, text);
  }

  /** The attempt is over before its handler is. */
  abort(reason: Error): void {
    if (this.abortedWith) return;
    this.abortedWith = reason;
    this.onAbort?.(reason);
    this.controller?.abort(reason);
  }

  get aborted(): boolean {
    return this.abortedWith !== undefined;
  }

  /** Why the attempt is over before its handler is, if it is. */
  get reason(): Error | undefined {
    return this.abortedWith;
  }

  /** `task 'welcome' (id …) of queue 'email'`, for messages. */
  get title(): string {
    return `task '${this.name}' (${this.id}) of queue '${this.queue}'`;
  }
}
