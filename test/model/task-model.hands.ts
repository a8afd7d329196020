import type { Ack } from '../../lib/task/task.broker.js';
import { crashOutcome } from '../../lib/task/task.outcome.js';
import type { ModelConsumer, QueueModel } from './task-model.queue.js';
import { replaceOutcome, type ModelTask } from './task-model.task.js';

/** How tasks get out of the hands of consumers, and what becomes of them; and how consumers come and go. */
export class ModelHands {
  constructor(private readonly queue: QueueModel) {}

  join(process: string, name: string, previous?: { consumer: string; keep: readonly string[] }): string[] {
    const former = [this.queue.consumerOf(process), this.queue.consumers.get(previous?.consumer ?? '')];
    const self: ModelConsumer = { name, process, deadline: 0, free: 0, suspect: undefined };
    const kept: string[] = [];
    for (const id of previous?.keep ?? []) {
      const task = this.queue.tasks.get(id);
      const holder = former.find((one) => one && task?.holder === one.name);
      if (task && holder) {
        if (holder.suspect === id) self.suspect = id;
        task.holder = name;
        kept.push(id);
      } else if (task?.crashes) {
        task.crashes--;
      }
    }
    for (const consumer of new Set(former)) if (consumer) this.leave(consumer);
    this.queue.consumers.set(name, self);
    this.renew(self);
    return kept;
  }

  /** What it has in hand is the next to run; what was to be cancelled is, instead. */
  leave(consumer: ModelConsumer): void {
    const order = this.queue.front();
    for (const task of this.letGo(consumer)) this.queue.giveBack(task, order);
  }

  /** They count as dead. */
  bury(consumers: readonly ModelConsumer[]): void {
    const order = this.queue.front();
    for (const consumer of consumers) this.buryOne(consumer, order);
  }

  private buryOne(consumer: ModelConsumer, order: number): void {
    const hand = this.queue.handOf(consumer.name);
    const accused = consumer.suspect ?? (hand.length === 1 ? hand[0]?.id : undefined);
    for (const task of this.letGo(consumer)) {
      const wasThereBefore = task.crashes !== undefined;
      if (task.id === accused) {
        task.crashes = (task.crashes ?? 0) + 1;
        if (task.crashes < this.queue.settings.maxCrashes) this.suspect(task);
        else this.queue.end(task, 'dead', crashOutcome(task.crashes));
      } else if (accused === undefined && wasThereBefore) {
        this.suspect(task);
      } else {
        if (accused === undefined) task.crashes = 0;
        this.queue.giveBack(task, order);
      }
    }
  }

  renew(consumer: ModelConsumer): void {
    const { leaseMs, idleLeaseMs } = this.queue.settings;
    consumer.deadline =
      this.queue.now + (this.queue.handOf(consumer.name).length > 0 ? leaseMs : idleLeaseMs);
  }

  acknowledge(consumer: ModelConsumer, acks: readonly Ack[]): void {
    const order = this.queue.back();
    for (const ack of acks) {
      const task = this.queue.tasks.get(ack.id);
      if (task?.holder !== consumer.name) throw new Error(`${ack.id} is not in hand: the test is wrong`);
      const { isCancelling } = task;
      this.takeFromHand(task);
      task.crashes = undefined;
      if (ack.to === 'completed') {
        if (ack.keepMs) this.queue.results.set(task.id, ack.outcome);
        this.queue.end(task, 'completed', ack.outcome, order);
        if (ack.keepMs === 0) this.queue.tasks.delete(task.id);
        continue;
      }
      task.tries = ack.tries;
      if (ack.to === 'cancelled' || isCancelling) this.queue.end(task, 'cancelled', ack.outcome, order);
      else if (ack.to === 'parked') this.park(task, ack.outcome);
      else this.fail(task, ack.outcome, ack.to === 'retry' ? ack.delayMs : undefined, order);
    }
  }

  private fail(task: ModelTask, outcome: string, delayMs: number | undefined, order: number): void {
    this.queue.emit('failed', task, outcome);
    if (delayMs === undefined) {
      this.queue.end(task, 'dead', outcome, order);
      return;
    }
    const dueAt = this.queue.now + delayMs;
    replaceOutcome(task, outcome, this.queue.now);
    this.queue.emit('retrying', task, outcome, dueAt);
    this.queue.waitFrom(task, dueAt, order);
  }

  private park(task: ModelTask, outcome: string): void {
    replaceOutcome(task, outcome);
    task.state = 'parked';
    task.at = this.queue.now;
    this.queue.emit('parked', task, outcome);
  }

  private letGo(consumer: ModelConsumer): ModelTask[] {
    const left: ModelTask[] = [];
    for (const task of this.queue.handOf(consumer.name)) {
      const { isCancelling } = task;
      this.takeFromHand(task);
      if (isCancelling) this.queue.end(task, 'cancelled', '');
      else left.push(task);
    }
    this.queue.consumers.delete(consumer.name);
    return left;
  }

  private takeFromHand(task: ModelTask): void {
    const holder = this.queue.consumers.get(task.holder ?? '');
    if (holder?.suspect === task.id) holder.suspect = undefined;
    task.holder = undefined;
    task.isCancelling = false;
  }

  private suspect(task: ModelTask): void {
    this.queue.giveBack(task, 0);
    task.isSuspect = true;
  }
}
