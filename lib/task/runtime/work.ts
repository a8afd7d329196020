import type { Clock } from '../../common/clock.js';
import type { Ack, ClaimedTask, Rooms } from '../task.broker.js';
import { ShutdownError, TaskCancelledError } from '../task.errors.js';
import { Calls, needsRoom, type Ready } from './calls.js';
import type { Executor } from './executor.js';
import { Hand, type Held } from './hand.js';
import { RunningTask, type TakeNote } from './running-task.js';
import type { TaskHandler } from './task.handler.js';

/** A handler that computes for so long before it first waits has the next one begin in another turn. */
const LONG_TURN_MS = 10;

export interface WorkSettings {
  readonly queue: string;
  readonly slots: number;
  readonly note: TakeNote;
  /** Something has ended, or there is other room than before: the engine should hear of it. */
  readonly changed: () => void;
}

/** What a consumer has in hand, and the running of it. */
export class Work {
  readonly hand = new Hand();
  /** Only of a consumer whose handlers need rooms of their own. */
  private readonly calls: Calls | undefined;
  private beginning = false;
  private stopped = false;

  constructor(
    private readonly executor: Executor,
    private readonly clock: Clock,
    private readonly settings: WorkSettings,
  ) {
    if (![...executor.handlers.values()].some(needsRoom)) return;
    this.calls = new Calls(executor.handlers, settings.slots, clock, {
      isOpen: (held) => this.hand.isOpen(held),
      run: (handler, tasks) => this.call(handler, tasks),
      roomChanged: settings.changed,
    });
  }

  get names(): readonly string[] {
    return this.executor.names;
  }

  /** What may be claimed beside these acknowledgements. */
  room(acks: readonly Ack[]): { readonly slots: number; readonly rooms?: Rooms } {
    if (!this.calls) return { slots: this.settings.slots };
    // What can't be acknowledged yet must not pile up in hand.
    if (this.hand.endedMoreThan(acks.length)) return { slots: 0 };
    const rooms = this.calls.rooms();
    return { slots: rooms.shared, rooms };
  }

  /** The last offer of room left something out for which there is a slot: another offer is worth while. */
  get untried(): boolean {
    return this.calls?.untried ?? false;
  }

  /** There is news: offers begin anew. */
  retry(): void {
    this.calls?.retry();
  }

  take(task: ClaimedTask, as: 'wanted' | 'cancelled'): void {
    this.hand.take(task);
    if (as === 'cancelled') this.cancel(task.id);
    if (!this.beginning) void this.begin();
  }

  /** The attempt is over, whatever its handler does. Says whether there is one that has not ended yet. */
  cancel(id: string): boolean {
    const held = this.hand.open(id);
    if (!held) return false;
    const { task, running } = held;
    const error = new TaskCancelledError(running?.title ?? `task ${id} of queue '${this.settings.queue}'`);
    this.end(held, this.executor.cancelled(task, running, error));
    if (running) running.abort(error);
    else this.calls?.prune();
    return true;
  }

  /** Everything else is in hand no more; returns those whose handlers are at work. */
  keepOnly(ids: readonly string[]): readonly RunningTask[] {
    const lost = this.hand.keepOnly(ids);
    this.calls?.prune();
    return lost;
  }

  /** Takes out of hand what is gathered for a call, or waits for a slot. Says whether there was any. */
  abandonUnbegun(): boolean {
    const unbegun = this.calls?.abandonUnbegun() ?? [];
    this.hand.drop(unbegun);
    return unbegun.length > 0;
  }

  /** Begins nothing more, and stops what runs. It is in hand until `clear`. */
  stop(): void {
    this.stopped = true;
    this.calls?.abandonUnbegun();
    for (const running of this.hand.running) running.abort(new ShutdownError(running.title));
  }

  /** Begins what is in hand; between handlers that compute for long, the heartbeat gets its turn. */
  private async begin(): Promise<void> {
    this.beginning = true;
    for (let held = this.hand.next(); held && !this.stopped; held = this.hand.next()) {
      const since = this.clock.now();
      this.run(held);
      if (this.clock.now() - since >= LONG_TURN_MS) await nextTurn();
    }
    this.beginning = false;
  }

  private run(held: Held): void {
    const running = this.executor.prepare(held.task, this.settings.note);
    if (!(running instanceof RunningTask)) {
      this.end(held, running);
    } else if (this.calls) {
      this.calls.take({ held, running });
    } else {
      held.running = running;
      void this.executor.run(running).then((ack) => this.end(held, ack));
    }
  }

  /** One call of a handler, for one task or for many. */
  private async call(handler: TaskHandler, tasks: readonly Ready[]): Promise<void> {
    for (const { held, running } of tasks) held.running = running;
    if (!handler.batch) {
      for (const { held, running } of tasks) this.end(held, await this.executor.run(running, 'whenAborted'));
      return;
    }
    const heldOf = new Map(tasks.map(({ held, running }) => [running, held]));
    await this.executor.runBatch(handler, [...heldOf.keys()], (running, ack) => {
      const held = heldOf.get(running);
      if (held) this.end(held, ack);
    });
  }

  private end(held: Held, ack: Ack): void {
    if (!this.stopped && this.hand.end(held, ack)) this.settings.changed();
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
