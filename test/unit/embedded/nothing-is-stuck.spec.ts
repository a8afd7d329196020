import { describe, it } from '@jest/globals';
import { EmbeddedQueue } from '../../../lib/engines/embedded/embedded-queue.js';
import type { Ack, NewTask, Push, QueueLimits, Rooms } from '../../../lib/task/task.broker.js';
import { SETTINGS } from '../../contract/task-broker.fleet.js';
import { ManualClock } from '../../support/manual-clock.js';
import { random } from '../../support/random.js';

/** Nobody dies, and who watches whether somebody has is not of interest. */
const LONG_LEASE = { leaseMs: 1e9, idleLeaseMs: 1e10 };
const SOON_MS = 60_000;
const NAMES = ['mail', 'sms', 'fax'];
const GROUPS = ['a', 'b', 'c', undefined];
const MODES = ['reject', 'throttle', 'replace', 'debounce', 'keepLast'] as const;

/** A consumer that looks when it is told to, and at no other time. */
class Looker {
  name = '';
  readonly hand = new Set<string>();
  lookAt = Number.POSITIVE_INFINITY;

  constructor(
    readonly process: string,
    readonly takesRooms: boolean,
    readonly slots: number,
  ) {}

  /** What is left of its rooms: one for each name, and all of its slots for all of them together. */
  rooms(names: ReadonlyMap<string, string>): Rooms | undefined {
    if (!this.takesRooms) return undefined;
    const held = [...this.hand].map((id) => names.get(id));
    return {
      shared: this.slots - held.filter((name) => name !== 'fax').length,
      names: [
        { name: 'mail', free: 1 - held.filter((name) => name === 'mail').length, apart: false },
        { name: 'fax', free: 1 - held.filter((name) => name === 'fax').length, apart: true },
      ],
    };
  }
}

/** A queue with random limits, and consumers that do what they are told. */
class Story {
  private readonly random = random(this.seed);
  private readonly clock = new ManualClock();
  private readonly limits: QueueLimits = this.someLimits();
  private readonly queue = new EmbeddedQueue(
    { ...SETTINGS, ...LONG_LEASE, limits: this.limits },
    this.clock,
    {
      push: (process, push) => this.hear(process, push),
      room: () => undefined,
      event: () => undefined,
    },
  );
  private readonly lookers = [
    new Looker('p0', false, this.upTo(3) + 1),
    new Looker('p1', true, this.upTo(3) + 1),
    new Looker('p2', true, this.upTo(3) + 1),
  ].slice(this.upTo(3));
  private readonly names = new Map<string, string>();
  private readonly paused = new Set<string | undefined>();
  private ids = 0;

  constructor(private readonly seed: number) {
    this.queue.open({ ...SETTINGS, ...LONG_LEASE, limits: this.limits });
    for (const looker of this.lookers) {
      looker.name = this.queue.join(looker.process).consumer;
      this.look(looker, []);
    }
  }

  /** Anything may happen. */
  muddle(times: number): void {
    const acts = [
      () => this.add(),
      () => this.add(),
      () => this.finishSome(),
      () => this.finishSome(),
      () => this.queue.cancel(this.someIds()),
      () => this.queue.remove(this.someIds()),
      () => this.queue.promoteAll(this.someIds()),
      () => this.queue.retry(this.someIds(), 10, this.oneOf([0, 50])),
      () => this.pause(this.oneOf([undefined, ...NAMES])),
      () => this.seed % 2 === 1 && this.queue.resume(this.oneOf([undefined, ...NAMES])),
      () => this.rejoin(),
      () => this.clock.jump(this.upTo(700)),
    ];
    for (let n = 0; n < times; n++) {
      this.oneOf(acts)();
      this.check();
      for (const looker of this.lookers) if (looker.lookAt <= this.clock.now()) this.look(looker, []);
      this.check();
    }
  }

  /** Nobody steers any more, and everybody only looks when told. Returns what has not ended. */
  settle(): readonly string[] {
    for (const name of this.paused) this.queue.resume(name);
    this.add();
    for (let rounds = 0; rounds < 2_000; rounds++) {
      const busy = this.lookers.find(({ hand, lookAt }) => hand.size > 0 || lookAt <= this.clock.now());
      if (busy) {
        this.look(busy, [...busy.hand]);
        this.check();
        continue;
      }
      if (this.unfinished.length === 0) break;
      const next = Math.min(...this.lookers.map(({ lookAt }) => lookAt));
      if (next > this.clock.now() + SOON_MS) break;
      this.clock.jump(next - this.clock.now());
    }
    return this.unfinished;
  }

  private get unfinished(): readonly string[] {
    const { tasks } = this.queue.moves;
    const done = ['completed', 'dead', 'cancelled', 'expired'];
    return [...tasks].filter(({ place }) => !done.includes(place)).map(({ id, place }) => `${id} ${place}`);
  }

  /** Nobody has more than the limits allow, and what is counted is there. */
  private check(): void {
    const { tasks, consumers, waiting, delayed, unique } = this.queue.moves;
    const all = [...tasks];
    const active = all.filter(({ place }) => place === 'active');
    const inHands = new Set(this.lookers.flatMap(({ hand }) => [...hand]));
    const count = (place: string): number => all.filter((task) => task.place === place).length;
    const ended = all.filter(({ restsSince }) => restsSince !== undefined).length;
    const waits = new Set(waiting.toArray());
    const { concurrency = Infinity, group: { concurrency: ofGroup = Infinity } = {} } = this.limits;
    const broken = {
      'active and in no hand': active.filter(({ id }) => !inHands.has(id)),
      'in hand and not active': inHands.size !== active.length || consumers.active !== active.length,
      'more than may be active': active.length > concurrency,
      'more than may be active of a group': GROUPS.some(
        (group) => group !== undefined && active.filter((task) => task.group === group).length > ofGroup,
      ),
      'wrongly counted': waits.size !== waiting.size || delayed.size !== count('delayed'),
      'waiting and gone': [...waits].filter(({ id }) => !tasks.has(id)),
      nowhere: all.length - active.length - ended - waits.size - delayed.size - unique.blocked.size !== 0,
    };
    for (const [what, found] of Object.entries(broken)) {
      if (found === true || (Array.isArray(found) && found.length > 0))
        throw new Error(`story ${this.seed}: ${what}`);
    }
  }

  private hear(process: string, push: Push): void {
    const looker = this.lookers.find((one) => one.process === process);
    if (!looker) return;
    if (push.kind === 'due') looker.lookAt = Math.min(looker.lookAt, this.clock.now() + push.inMs);
    if (push.kind !== 'task') return;
    if (looker.takesRooms || push.consumer !== looker.name)
      throw new Error(`story ${this.seed}: wrongly handed`);
    looker.hand.add(push.task.id);
  }

  private look(looker: Looker, finished: readonly string[]): void {
    const acks: Ack[] = finished.map((id) => ({ id, to: 'completed', outcome: 'fine', tries: 1 }));
    this.step(looker, acks);
  }

  private step(looker: Looker, acks: readonly Ack[]): void {
    for (const { id } of acks) looker.hand.delete(id);
    looker.lookAt = Number.POSITIVE_INFINITY;
    const step = this.queue.step(looker.name, acks, looker.slots, looker.rooms(this.names));
    if (step === 'lost') throw new Error('nobody is dead here');
    for (const { id } of step.tasks) looker.hand.add(id);
    if (looker.hand.size > looker.slots + 1)
      throw new Error(`story ${this.seed}: more than there is room for`);
    if (step.nextMs !== undefined) looker.lookAt = Math.min(looker.lookAt, this.clock.now() + step.nextMs);
  }

  private add(): void {
    this.queue.add(
      'p0',
      Array.from({ length: this.upTo(4) + 1 }, () => this.someTask()),
    );
  }

  private someTask(): NewTask {
    const id = `t${this.ids++}`;
    const name = this.oneOf(NAMES);
    this.names.set(id, name);
    const group = this.oneOf(GROUPS);
    return {
      id,
      envelope: `1${name}\n\n\n`,
      priority: this.oneOf([0, 5, 9]),
      ...(this.upTo(4) === 0 && { due: { inMs: this.upTo(1_000) } }),
      ...(group !== undefined && { group }),
      ...(this.upTo(5) === 0 && { expiresInMs: this.upTo(800) }),
      ...(this.upTo(4) === 0 && {
        unique: { key: this.oneOf(['k', 'l']), mode: this.oneOf(MODES), ttlMs: 300 },
      }),
    };
  }

  private finishSome(): void {
    const looker = this.oneOf(this.lookers);
    const acks = [...looker.hand].slice(0, this.upTo(3) + 1).map((id): Ack => {
      const ack = { id, outcome: 'x', tries: 1 };
      return this.upTo(3) === 0
        ? { ...ack, to: 'retry', delayMs: this.upTo(2) * 200 }
        : { ...ack, to: this.oneOf(['completed', 'dead', 'cancelled']) };
    });
    this.step(looker, acks);
  }

  /** Half of the stories know of no pause: what is resumed is looked at anew by all, which hides what is forgotten. */
  private pause(name: string | undefined): void {
    if (this.seed % 2 === 0) return;
    this.paused.add(name);
    this.queue.pause(name);
  }

  private rejoin(): void {
    const looker = this.oneOf(this.lookers);
    const keep = [...looker.hand].filter(() => this.upTo(2) === 0);
    looker.hand.clear();
    const joined = this.queue.join(looker.process, { consumer: looker.name, keep });
    looker.name = joined.consumer;
    for (const id of joined.kept) looker.hand.add(id);
    this.look(looker, []);
  }

  private someLimits(): QueueLimits {
    const rate = { max: 2, perMs: 300 };
    const sometimes = (): boolean => this.upTo(2) === 0;
    return {
      ...(sometimes() && { concurrency: this.upTo(4) + 1 }),
      ...(sometimes() && { rate }),
      ...(sometimes() && { weights: [1, 1, 1, 1, 1, 2, 1, 1, 1, 4] }),
      ...(sometimes() && {
        group: { ...(sometimes() && { concurrency: this.upTo(2) + 1 }), ...(sometimes() && { rate }) },
      }),
    };
  }

  private someIds(): string[] {
    return Array.from({ length: this.upTo(4) + 1 }, () => `t${this.upTo(this.ids + 1)}`);
  }

  private oneOf<T>(items: readonly T[]): T {
    return items[this.upTo(items.length)] as T;
  }

  private upTo(end: number): number {
    return this.random.below(end);
  }
}

describe('a queue with limits, names, groups and keys', () => {
  const PER_CASE = 250;
  for (let from = 0; from < 1_000; from += PER_CASE) {
    it(`leaves nothing behind that somebody could run, stories ${from} to ${from + PER_CASE - 1}`, () => {
      for (let seed = from; seed < from + PER_CASE; seed++) {
        const story = new Story(seed);
        story.muddle(60);
        const left = story.settle();
        if (left.length > 0) throw new Error(`story ${seed}: left behind: ${left.join(', ')}`);
      }
    });
  }
});
