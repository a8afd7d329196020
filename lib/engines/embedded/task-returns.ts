import type { Ack } from '../../task/task.broker.js';
import { crashOutcome } from '../../task/task.outcome.js';
import { replaceOutcome } from './attempt-history.js';
import type { EmbeddedConsumer } from './embedded-consumers.js';
import { isStored, type EmbeddedTask } from './embedded-task.js';
import type { TaskMoves } from './task-moves.js';

/** What comes of a task that was in somebody's hand: acknowledged, given back, or left by one that died. */
export class TaskReturns {
  constructor(private readonly moves: TaskMoves) {}

  acknowledge(self: EmbeddedConsumer, ack: Ack, now: number): void {
    const task = this.moves.tasks.get(ack.id);
    if (task?.holder !== self.number) return;
    const cancelled = this.moves.leaveHand(self, task);
    const { to, outcome, tries } = ack;
    task.crashes = undefined;
    if (to === 'completed') {
      this.moves.finish(task, 'completed', outcome, now, ack.keepMs);
      return;
    }
    task.tries = tries;
    if (cancelled || to === 'cancelled') this.moves.finish(task, 'cancelled', outcome);
    else if (to === 'parked') this.moves.park(task, outcome);
    else this.fail(task, outcome, now, ack.to === 'retry' ? ack.delayMs : undefined);
  }

  /** It is tried again after `delayMs`, or not at all. */
  private fail(task: EmbeddedTask, outcome: string, now: number, delayMs: number | undefined): void {
    const { events } = this.moves;
    events.emit('failed', task, outcome);
    if (delayMs === undefined) {
      this.moves.finish(task, 'dead', outcome, now);
      return;
    }
    const dueAt = now + Math.max(0, delayMs);
    replaceOutcome(task, outcome, now);
    events.emit('retrying', task, outcome, dueAt);
    this.moves.waitFrom(task, dueAt, now);
  }

  /** The consumer has died: what it had runs again, and what may have killed it apart from the others. */
  bury(consumer: EmbeddedConsumer): void {
    const { suspect, hand } = consumer;
    const accused = suspect ?? (hand.length === 1 ? hand.first?.id : undefined);
    for (const task of this.takeBack(consumer)) {
      if (task.id === accused) {
        this.blame(task);
      } else if (accused === undefined && task.crashes !== undefined) {
        this.moves.suspect(task);
      } else {
        if (accused === undefined) task.crashes = 0;
        this.moves.giveBack(task);
      }
    }
  }

  private blame(task: EmbeddedTask): void {
    task.crashes = (task.crashes ?? 0) + 1;
    if (task.crashes < this.moves.settings.maxCrashes) {
      this.moves.suspect(task);
      return;
    }
    const outcome = crashOutcome(task.crashes);
    task.crashes = undefined;
    this.moves.finish(task, 'dead', outcome);
  }

  /** The consumer ends; what it had is the next to run. */
  giveBack(consumer: EmbeddedConsumer): void {
    for (const task of this.takeBack(consumer)) this.moves.giveBack(task);
  }

  /** The consumer is no more. Returns what it had in hand, the newest first; what was to be cancelled is, instead. */
  private takeBack(consumer: EmbeddedConsumer): readonly EmbeddedTask[] {
    const back: EmbeddedTask[] = [];
    for (const task of [...consumer.hand].reverse()) {
      const cancelled = this.moves.leaveHand(consumer, task);
      if (!isStored(task)) continue;
      if (cancelled) this.moves.finish(task, 'cancelled', '');
      else back.push(task);
    }
    this.moves.consumers.remove(consumer);
    return back;
  }
}
