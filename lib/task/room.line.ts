import type { Clock } from '../common/clock.js';
import { EngineClosedError, EngineUnavailableError, toError } from '../common/errors.js';
import type { Added, NewTask, QueueBroker } from './task.broker.js';

/** A task that was refused, and who waits for room for it. */
interface Waiting {
  readonly task: NewTask;
  /** Its time is over: it is not tried again. */
  late: boolean;
  settle(answer: Added): void;
  fail(error: Error): void;
}

/** What one look for room takes along at first; twice as much when all of it fits, so that a small room costs little. */
const FIRST_LOT = 8;
const LARGEST_LOT = 500;

/**
 * The tasks of this process that wait until there is room in the queue, first come first served. The engine says when to
 * look; it is not asked otherwise. Groups have backlogs of their own: one that is full holds up nobody else.
 */
export class RoomLine {
  private readonly line = new Set<Waiting>();
  /** Groups whose tasks wait; `undefined` for those without. */
  private readonly groups = new Map<string | undefined, number>();
  private looking: Promise<void> | undefined;
  /** Something may have changed since the look under way began. */
  private stirred = false;
  private closed = false;

  constructor(
    broker: QueueBroker,
    private readonly listen: () => Promise<void>,
    private readonly clock: Clock,
    private readonly send: (tasks: readonly NewTask[]) => Promise<readonly Added[]>,
  ) {
    broker.onRoom(() => this.look());
    // What was said meanwhile is lost.
    broker.onGap(() => this.look());
  }

  get isEmpty(): boolean {
    return this.line.size === 0;
  }

  /** Whether others wait for the room that this task needs. */
  holdsUp({ group }: NewTask): boolean {
    return this.groups.has(group);
  }

  /** What came of the task; `full` after `timeoutMs`. @throws EngineClosedError when the application closes before */
  wait(task: NewTask, timeoutMs: number): Promise<Added> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        cancel();
        if (this.line.delete(waiting)) this.count(task, -1);
      };
      const waiting: Waiting = {
        task,
        late: false,
        settle: (answer) => {
          leave();
          resolve(answer);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const cancel = this.clock.after(timeoutMs, () => {
        waiting.late = true;
        // If it is on its way, its answer decides.
        if (!this.looking) waiting.settle({ to: 'full' });
      });
      if (this.closed) {
        waiting.fail(closing());
        return;
      }
      // Who waits behind others is looked at when they are.
      const first = !this.holdsUp(task);
      this.line.add(waiting);
      this.count(task, 1);
      if (first) this.look();
    });
  }

  /** Whoever waits is told that the application closes. */
  close(): void {
    this.closed = true;
    for (const waiting of [...this.line]) waiting.fail(closing());
  }

  private count({ group }: NewTask, by: number): void {
    const waiting = (this.groups.get(group) ?? 0) + by;
    if (waiting > 0) this.groups.set(group, waiting);
    else this.groups.delete(group);
  }

  private look(): void {
    this.stirred = true;
    if (this.line.size === 0) return;
    this.looking ??= this.lookAround().finally(() => {
      this.looking = undefined;
      for (const waiting of [...this.line]) if (waiting.late) waiting.settle({ to: 'full' });
      if (this.stirred) this.look();
    });
  }

  /** Never rejects. */
  private async lookAround(): Promise<void> {
    while (this.stirred && this.line.size > 0) {
      this.stirred = false;
      try {
        // Only who listens is told.
        await this.listen();
      } catch (error) {
        this.deaf(toError(error));
        return;
      }
      await this.fill();
    }
  }

  /** When the engine is merely away, the gap that follows is a reason to look again. */
  private deaf(error: Error): void {
    if (error instanceof EngineUnavailableError && !(error instanceof EngineClosedError)) return;
    for (const waiting of [...this.line]) waiting.fail(error);
  }

  /** Adds what fits. */
  private async fill(): Promise<void> {
    const full = new Set<string | undefined>();
    for (let size = FIRST_LOT; ; size = Math.min(size * 2, LARGEST_LOT)) {
      const lot = this.next(size, full);
      if (lot.length === 0) return;
      try {
        const answers = await this.send(lot.map(({ task }) => task));
        lot.forEach((waiting, i) => {
          const answer = answers[i] ?? { to: 'full' };
          if (answer.to === 'full') full.add(waiting.task.group);
          else waiting.settle(answer);
        });
      } catch (error) {
        // Nobody knows what came of these; the others still wait.
        for (const waiting of lot) waiting.fail(toError(error));
        return;
      }
    }
  }

  private next(size: number, full: ReadonlySet<string | undefined>): readonly Waiting[] {
    const lot: Waiting[] = [];
    for (const waiting of this.line) {
      if (waiting.late || full.has(waiting.task.group)) continue;
      lot.push(waiting);
      if (lot.length === size) break;
    }
    return lot;
  }
}

const closing = (): Error =>
  new EngineClosedError('the application is closing; nobody waits for room any more');
