import type { ClaimedTask, Rooms } from '../../task/task.broker.js';
import type { EmbeddedConsumer } from './embedded-consumers.js';
import { isStored, nameOf, type EmbeddedTask } from './embedded-task.js';
import { RoomFor } from './room-for.js';
import type { TaskMoves } from './task-moves.js';

const FAR = Number.POSITIVE_INFINITY;

/** Who gets what waits: the consumer that asks, or idle ones, who are handed it or told to look; and when to look again. */
export class HandOver {
  /** The time of which all idle consumers know. */
  private announced = FAR;

  constructor(private readonly moves: TaskMoves) {}

  /** For every free one of `slots`; or for `rooms`. */
  claim(self: EmbeddedConsumer, slots: number, rooms: Rooms | undefined): ClaimedTask[] {
    const room = rooms && new RoomFor(rooms);
    const claimed: ClaimedTask[] = [];
    let left = Math.min(this.capacity(), room ? FAR : slots - self.hand.length);
    if (left > 0 && room?.left !== false) {
      const suspect = this.accuse(self, room);
      if (suspect) claimed.push(suspect);
      left -= claimed.length;
    }
    while (left > 0 && room?.left !== false) {
      const task = this.next(room);
      if (!task) break;
      claimed.push(this.moves.hold(self, task));
      room?.take(nameOf(task));
      left--;
    }
    self.free = room ? 0 : Math.max(0, slots - self.hand.length);
    self.looks = room?.left === true;
    return claimed;
  }

  /** The tasks go to the consumer as far as it is idle; returns those that do not. They are in no part of the queue. */
  offer(consumer: EmbeddedConsumer | undefined, tasks: readonly EmbeddedTask[]): readonly EmbeddedTask[] {
    if (!consumer || this.moves.consumers.isOverdue(consumer)) return tasks;
    return tasks.filter((task) => {
      if (consumer.free === 0 || this.capacity() === 0 || !this.isClaimable(task, undefined)) return true;
      this.hand(consumer, task);
      return false;
    });
  }

  /**
   * What waits goes to whoever is idle, and everybody idle knows when to look again. Every transition that may have made
   * something claimable ends with this. `self` has its answer to say so.
   */
  settle(self?: EmbeddedConsumer): void {
    const { backlog, outlets } = this.moves;
    this.isolate();
    this.spread();
    this.tellThoseWhoLook(self);
    this.announce(self);
    for (const process of backlog.admitted()) outlets.room(process);
  }

  /** Somebody idle is told to look, and is not idle until it has. */
  tellOne(): void {
    const [idle] = this.moves.consumers.idle();
    if (!idle) return;
    idle.free = 0;
    idle.looks = false;
    this.moves.outlets.push(idle.process, { kind: 'due', inMs: 0 });
  }

  /** Somebody could claim something. */
  get isSomethingClaimable(): boolean {
    return this.waits && this.capacity() > 0;
  }

  /** Idle consumers other than `except` will look at that time. */
  nudge(at: number, except?: EmbeddedConsumer): void {
    const inMs = Math.max(0, at - this.moves.now());
    for (const consumer of this.moves.consumers.idle()) {
      if (consumer !== except) this.moves.outlets.push(consumer.process, { kind: 'due', inMs });
    }
  }

  /** When the time alone makes a difference. */
  get nextAt(): number {
    const { delayed, expiries, waiting, limits, consumers } = this.moves;
    const due = delayed.first()?.score ?? FAR;
    const expiry = expiries.size > 0 ? (expiries.first()?.score ?? FAR) : FAR;
    const token = this.waits ? limits.nextAt(consumers.active) : FAR;
    return Math.min(due, expiry, token, waiting.groups.nextAt);
  }

  /** When that idle consumer has to look again. */
  nextMs(self: EmbeddedConsumer): number | undefined {
    const at = Math.min(this.nextAt, this.moves.consumers.watchAt(self));
    return at === FAR ? undefined : Math.max(0, at - this.moves.now());
  }

  private capacity(): number {
    const { limits, consumers } = this.moves;
    return limits.capacity(consumers.active);
  }

  private get waits(): boolean {
    const { levels, suspects, lanes } = this.moves.waiting;
    if (levels.size + suspects.length > 0) return true;
    return lanes.size > 0 && lanes.hasOpen((name) => this.isOpen(name, undefined));
  }

  /** Tasks of that name may be claimed, by whoever has that room, or by anybody. */
  private isOpen(name: string, room: RoomFor | undefined): boolean {
    return !this.moves.limits.pausedNames.has(name) && room?.has(name) !== false;
  }

  /** The next task that may be claimed, taken out of what waits. What may not, is set aside on the way. */
  private next(room: RoomFor | undefined): EmbeddedTask | undefined {
    const { waiting, limits, backlog } = this.moves;
    const { lanes, levels, groups } = waiting;
    for (;;) {
      const open = lanes.size > 0 ? lanes.shift((name) => this.isOpen(name, room)) : undefined;
      const task = open ?? levels.shift();
      if (!task) return undefined;
      task.place = 'nowhere';
      if (!isStored(task)) continue;
      if (!open && (room || limits.pausedNames.size > 0) && !this.isOpen(nameOf(task), room)) {
        lanes.push(task);
        waiting.passedBy(task, this.moves.now());
        if (room) this.moves.stirred = true;
      } else if (this.moves.isExpired(task)) {
        backlog.leave(task);
        if (!open) waiting.passedBy(task, this.moves.now());
        this.moves.finish(task, 'expired', '');
      } else if (task.group !== undefined && !groups.admits(task.group, this.moves.now())) {
        groups.push(task, task.group, this.moves.now());
      } else {
        backlog.leave(task);
        return task;
      }
    }
  }

  private isClaimable(task: EmbeddedTask, room: RoomFor | undefined): boolean {
    const { waiting } = this.moves;
    if (!this.isOpen(nameOf(task), room)) return false;
    return task.group === undefined || waiting.groups.admits(task.group, this.moves.now());
  }

  /** The consumer holds the next suspect that it can claim, if there is one and it has none yet. The others stay apart. */
  private accuse(consumer: EmbeddedConsumer, room: RoomFor | undefined): ClaimedTask | undefined {
    const { suspects, groups } = this.moves.waiting;
    if (consumer.suspect !== undefined || suspects.length === 0) return undefined;
    for (const task of suspects) {
      if (!isStored(task)) {
        suspects.remove(task);
      } else if (this.isClaimable(task, room)) {
        this.moves.takeOut(task);
        consumer.suspect = task.id;
        room?.take(nameOf(task));
        return this.moves.hold(consumer, task);
      } else if (task.group !== undefined && !groups.admits(task.group, this.moves.now())) {
        groups.waitForToken(task.group, this.moves.now());
      }
    }
    return undefined;
  }

  /** The idle consumer has it in hand, as it is told. */
  private hand(consumer: EmbeddedConsumer, task: EmbeddedTask): void {
    const { consumers } = this.moves;
    if (consumers.isResting(consumer)) consumers.hear();
    this.push(consumer, this.moves.hold(consumer, task));
  }

  /** Pushes to an idle consumer what it has been made to hold. */
  private push(consumer: EmbeddedConsumer, task: ClaimedTask): void {
    const { consumers, outlets } = this.moves;
    consumer.free--;
    outlets.push(consumer.process, { kind: 'task', consumer: consumer.name, task });
    if (!consumers.isResting(consumer)) return;
    consumers.renew(consumer);
    this.nudge(consumers.nextWatch(), consumer);
  }

  private spread(): void {
    const { waiting, consumers } = this.moves;
    if (waiting.levels.size + waiting.lanes.size === 0) return;
    for (let capacity = this.capacity(); capacity > 0; capacity--) {
      const idlest = consumers.idlest();
      if (!idlest) return;
      const task = this.next(undefined);
      if (!task) return;
      this.hand(idlest, task);
    }
  }

  /** Suspects run one per consumer. */
  private isolate(): void {
    if (this.moves.waiting.suspects.length === 0) return;
    for (const consumer of this.moves.consumers.idle()) {
      if (consumer.free === 0 || this.capacity() === 0) continue;
      const task = this.accuse(consumer, undefined);
      if (task) this.push(consumer, task);
    }
  }

  /** Those with room for some names alone are told to look, and are not idle until they have. */
  private tellThoseWhoLook(self: EmbeddedConsumer | undefined): void {
    const isNew = this.moves.waiting.levels.size > 0 || this.moves.stirred;
    this.moves.stirred = false;
    if (!isNew || !this.isSomethingClaimable) return;
    for (const consumer of this.moves.consumers.idle()) {
      if (!consumer.looks || consumer === self) continue;
      consumer.looks = false;
      this.moves.outlets.push(consumer.process, { kind: 'due', inMs: 0 });
    }
  }

  private announce(self: EmbeddedConsumer | undefined): void {
    const at = this.nextAt;
    if (at < this.announced) this.nudge(at, self);
    this.announced = at;
  }
}
