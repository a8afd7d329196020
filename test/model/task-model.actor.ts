import type { Push, QueueBroker, Rooms } from '../../lib/task/task.broker.js';
import type { TestProcess } from '../contract/task-broker.engine.js';

/** A process that may have a consumer, and does what it is told in time, unless it was killed. */
export class Actor {
  readonly pushes: Push[] = [];
  consumer: string | undefined;
  /** What it believes to have in hand. */
  hand = new Set<string>();
  slots = 1;
  rooms: Rooms | undefined;
  /** When its timer goes off. */
  lookAt = Number.POSITIVE_INFINITY;
  beatAt = Number.POSITIVE_INFINITY;
  /** It was killed: it hears and does nothing, and only the bench knows what is pushed to it. */
  isKilled = false;
  roomsTold = 0;

  constructor(
    readonly process: TestProcess,
    readonly queue: QueueBroker,
  ) {
    queue.onPush((push) => this.pushes.push(push));
    queue.onRoom(() => this.roomsTold++);
  }

  /** It has a consumer, and will do what that is told. */
  get isPresent(): boolean {
    return this.consumer !== undefined && !this.isKilled;
  }

  /** It wants to call `step` at that time. */
  look(at: number): void {
    this.lookAt = Math.min(this.lookAt, at);
  }
}
