import type { ClaimedTask, Rooms } from '../../lib/task/task.broker.js';
import type { ModelConsumer, QueueModel } from './task-model.queue.js';
import type { ModelTask } from './task-model.task.js';

/** A task that a consumer got: by its own step, or pushed into its hand. */
export interface Claim {
  readonly consumer: string;
  readonly task: ClaimedTask;
  readonly isPushed: boolean;
}

/** Free slots of the consumer that stepped; or its rooms. */
export interface Ask {
  readonly consumer: string;
  readonly slots: number;
  readonly rooms: Rooms | undefined;
  /** Un-parked ones that are the consumer's own first of all. */
  readonly unparked?: readonly string[];
}

/**
 * Who gets what is up to the engine within these rules. `claim` records one and says what is wrong with it; `passedBy`
 * says which tasks should have gone first.
 */
export class ClaimRules {
  private readonly claimed: { readonly task: ModelTask; readonly was: ModelTask; readonly claim: Claim }[] =
    [];

  constructor(
    private readonly queue: QueueModel,
    private readonly ask: Ask | undefined,
  ) {}

  claim(claim: Claim): string | undefined {
    const { queue } = this;
    const { id, envelope, tries } = claim.task;
    const task = queue.tasks.get(id);
    const consumer = queue.consumers.get(claim.consumer);
    if (!task) return `${id}, which is not there, was claimed`;
    if (!consumer) return `${id} was claimed by ${claim.consumer}, which is no more`;
    if (task.state !== 'waiting') return `${id} was claimed though it is ${task.state}`;
    if (task.envelope !== envelope || task.tries !== tries) return `${id} was claimed as another one`;
    const fault = this.fault(task) ?? (claim.isPushed ? this.unasked(consumer) : undefined);
    if (task.isSuspect && consumer.suspect !== undefined) return `${id} is one suspect too many`;
    if (fault) return `${id} was claimed though ${fault}`;
    this.claimed.push({ task, was: { ...task }, claim });
    queue.hold(consumer, task);
    if (!claim.isPushed) return this.tooMany();
    if (consumer.deadline > queue.now + queue.settings.leaseMs) queue.hands.renew(consumer);
    consumer.free--;
    return undefined;
  }

  /** Pairs of tasks of which the wrong one was claimed. */
  passedBy(): string[] {
    return this.claimed.flatMap(({ was, claim }) =>
      this.queue
        .in('waiting')
        .filter((other) => this.goesFirst(other, was, claim))
        .map((other) => `${was.id} was claimed before ${other.id}`),
    );
  }

  /** Why nobody may have the task now. */
  fault({ name, group, expiresAt }: ModelTask): string | undefined {
    const { queue } = this;
    const { concurrency, group: ofGroup } = queue.limits;
    if (expiresAt !== undefined && expiresAt <= queue.now) return 'it has expired';
    if (queue.isPaused || queue.pausedNames.has(name)) return 'it is paused';
    const active = queue.in('active');
    if (concurrency !== undefined && active.length >= concurrency) return 'the queue is at its limit';
    if (queue.bucket?.hasToken(queue.now) === false) return 'there is no token';
    if (group === undefined) return undefined;
    const inHand = active.filter((task) => task.group === group).length;
    if (ofGroup?.concurrency !== undefined && inHand >= ofGroup.concurrency)
      return 'its group is at its limit';
    if (queue.bucketOf(group)?.hasToken(queue.now) === false) return 'its group has no token';
    return undefined;
  }

  private unasked(consumer: ModelConsumer): string | undefined {
    if (consumer.free <= 0) return `${consumer.name} has no free slot`;
    return consumer.deadline < this.queue.now ? `${consumer.name} counts as dead` : undefined;
  }

  /** The step has claimed more than it had asked for. */
  private tooMany(): string | undefined {
    const { slots = 0, rooms, consumer = '' } = this.ask ?? {};
    const own = this.claimed.filter(({ claim }) => !claim.isPushed).map(({ was }) => was);
    if (!rooms)
      return this.queue.handOf(consumer).length > slots ? 'more than its slots were claimed' : undefined;
    const bounds = new Map(rooms.names.map((room) => [room.name, room]));
    const shared = own.filter(({ name }) => !bounds.get(name)?.apart).length;
    if (shared > rooms.shared) return 'more than the shared room was claimed';
    const over = rooms.names.find(({ name, free }) => own.filter((task) => task.name === name).length > free);
    return over && `more of ${over.name} than its room was claimed`;
  }

  /** `other` still waits, though it had to be claimed before that one. */
  private goesFirst(other: ModelTask, was: ModelTask, { isPushed }: Claim): boolean {
    const { limits } = this.queue;
    if (was.isSuspect || other.isSuspect || was.overtakes) return false;
    if (this.ask?.unparked?.includes(was.id)) return false;
    if (!isPushed && this.ask?.rooms && other.name !== was.name) return false;
    if (this.queue.pausedNames.has(other.name)) return false;
    if (other.expiresAt !== undefined && other.expiresAt <= this.queue.now) return false;
    // What is held back of groups goes back when somebody looks, to where the group is by then.
    if (other.group !== undefined && (limits.group?.concurrency ?? limits.group?.rate)) return false;
    if (other.priority !== was.priority) return !limits.weights && other.priority > was.priority;
    // One that came back to its group runs in the present turn, in any order with others of that.
    if (other.group !== undefined && other.order < 0) return false;
    return other.group === was.group && other.order < was.order;
  }
}
