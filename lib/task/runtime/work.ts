import type { Clock } from '../../common/clock.js';
import type { Ack, ClaimedTask, Rooms } from '../task.broker.js';
import { ShutdownError, TaskCancelledError } from '../task.errors.js';
import { Calls, needsRoom, type Ready } from './calls.js';
import type { Executor } from './executor.js';
import { Hand, type Held } from './hand.js';
import { RunningTask, type TakeNote } from './running-task.js';
import type { SlotPool } from './slot.pool.js';
import type { TaskHandler } from './task.handler.js';
import { LONG_TURN_MS, nextTurn } from './turn.js';

export interface WorkSettings {
  readonly queue: string;
  readonly slots: number;
  /** Slots that its queue shares with others. */
  readonly pool: SlotPool | undefined;
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
    const { queue, slots, pool, changed } = settings;
    if (!pool && ![...executor.handlers.values()].some(needsRoom)) return;
    const host = {
      isOpen: (held: Held) => this.hand.isOpen(held),
      run: (handler: TaskHandler, tasks: readonly Ready[]) => this.call(handler, tasks),
      roomChanged: changed,
    };
    this.calls = new Calls(executor.handlers, slots, clock, host, pool && { slots: pool, queue });
  }

  get names(): readonly string[] {
    return this.executor.names;
  }

  /** How many may be claimed differs by name. */
  get hasRooms(): boolean {
    return this.calls !== undefined;
  }

  /** What may be claimed beside these acknowledgements. */
  room(acks: readonly Ack[]): { readonly slots: number; readonly rooms?: Rooms } {
    if (!this.calls) return { slots: this.settings.slots };
    // What can't be acknowledged yet must not pile up in hand.
    if (this.hand.endedMoreThan(acks.length)) return { slots: 0 };
    const rooms = this.calls.rooms();
    return { slots: rooms.shared, rooms };
  }

  /** What came of the last offer has been taken. */
  settle(): void {
    this.calls?.settle();
  }

  /** The last offer of room left something out for which there is a slot: another offer is worth while. */
  get untried(): boolean {
    return this.calls?.untried ?? false;
  }

  /** There is news: offers begin anew. */
  retry(): void {
    this.calls?.retry();
  }

  /** `begin` follows. */
  take(task: ClaimedTask, as: 'wanted' | 'cancelled'): void {
    this.hand.take(task);
    if (as === 'cancelled') this.cancel(task.id);
    if (this.calls) this.arrange(this.calls);
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

  /** Begins no more calls. Takes out of hand what is gathered for one, or waits for a slot, and says whether there was any. */
  drain(): boolean {
    const unbegun = this.calls?.end() ?? [];
    this.hand.drop(unbegun);
    return unbegun.length > 0;
  }

  /** Begins nothing more, and stops what runs. It is in hand until `clear`. */
  stop(): void {
    this.stopped = true;
    this.calls?.end();
    for (const running of this.hand.running) running.abort(new ShutdownError(running.title));
  }

  /** Begins what is in hand; between handlers that compute for long, the heartbeat gets its turn. */
  async begin(): Promise<void> {
    if (this.beginning) return;
    this.beginning = true;
    let turnAt = this.clock.now();
    let now = turnAt;
    for (let held = this.hand.next(); held && !this.stopped; held = this.hand.next()) {
      this.run(held, now);
      now = this.clock.now();
      if (now - turnAt >= LONG_TURN_MS) {
        await nextTurn();
        turnAt = now = this.clock.now();
      }
    }
    this.beginning = false;
  }

  private run(held: Held, startedAt: number): void {
    const running = this.prepare(held);
    if (!running) return;
    held.running = running;
    this.executor.run(running, startedAt, (ack) => this.end(held, ack));
  }

  /** Everything has its place at once, and what there is room for is known; the calls begin in their turn. */
  private arrange(calls: Calls): void {
    for (let held = this.hand.next(); held; held = this.hand.next()) {
      const running = this.prepare(held);
      if (running) calls.take({ held, running });
    }
  }

  private prepare(held: Held): RunningTask | undefined {
    const running = this.executor.prepare(held.task, this.settings.note);
    if (running instanceof RunningTask) return running;
    this.end(held, running);
    return undefined;
  }

  /** One call of a handler, for one task or for many. */
  private async call(handler: TaskHandler, tasks: readonly Ready[]): Promise<void> {
    for (const { held, running } of tasks) held.running = running;
    if (!handler.batch) {
      for (const { held, running } of tasks) await this.bounded(held, running);
      return;
    }
    const heldOf = new Map(tasks.map(({ held, running }) => [running, held]));
    await this.executor.runBatch(handler, [...heldOf.keys()], (running, ack) => {
      const held = heldOf.get(running);
      if (held) this.end(held, ack);
    });
  }

  private bounded(held: Held, running: RunningTask): Promise<void> {
    return new Promise((resolve) => {
      const end = (ack: Ack): void => {
        this.end(held, ack);
        resolve();
      };
      this.executor.run(running, this.clock.now(), end, 'whenAborted');
    });
  }

  private end(held: Held, ack: Ack): void {
    if (!this.stopped && this.hand.end(held, ack)) this.settings.changed();
  }
}
