import { expect } from '@jest/globals';
import type { Ack, ClaimedTask, QueueBroker, QueueSettings } from '../../lib/task/task.broker.js';
import { random } from '../support/random.js';
import { Actor } from './task-broker.actor.js';
import { numberOf, type EngineUnderTest, type Stored, type TestProcess } from './task-broker.engine.js';
import { completed, keeping, LEASE, SETTINGS, TestWorker } from './task-broker.fleet.js';
import { checkOrder, inHand } from './task-broker.history-checks.js';
import {
  describeTask,
  pick,
  randomAcks,
  randomId,
  randomLimits,
  randomTask,
} from './task-broker.history-tasks.js';
import { HistorySteering } from './task-broker.history-steering.js';
import { checkStored, checkTold } from './task-broker.invariants.js';
import { Model } from './task-broker.model.js';

const OPERATIONS = 40;
/**
 * One random history of a few workers on a queue, with what goes wrong in real life: killed workers, lost answers,
 * packets that arrive late, silences, clocks that are set. After every operation the invariants must hold.
 */
export class History {
  private readonly settings: QueueSettings;
  private readonly chance: ReturnType<typeof random>;
  private readonly actors: Actor[] = [];
  private readonly model: Model;
  private readonly steering: HistorySteering;
  private readonly operations: string[] = [];
  /** Nobody is killed, and the clock is not set: then nothing falls due unnoticed. */
  private readonly calm: boolean;
  private processes = 0;
  private stored: Stored | undefined;
  /** The clock was, and nobody has added or stepped since. */
  private setBack = false;

  constructor(
    private readonly engine: EngineUnderTest,
    private readonly processOf: (index: number) => Promise<TestProcess>,
    private readonly seed: number,
  ) {
    this.chance = random(seed);
    this.calm = seed % 3 === 0;
    const count = this.chance.below(4);
    const limits = randomLimits(this.chance);
    this.model = new Model(limits);
    this.steering = new HistorySteering(this.model, this.chance, (operation) => this.log(operation));
    this.settings = {
      ...SETTINGS,
      name: `history-${seed}`,
      maxCrashes: 1 + this.chance.below(3),
      keep: keeping({ completed: { count }, dead: { count: 1_000 } }),
      limits,
    };
  }

  async run(): Promise<void> {
    try {
      await this.enter();
      for (let at = 0; at < OPERATIONS; at++) {
        await this.operate();
        await this.check();
      }
      await this.drain();
    } catch (error) {
      if (error instanceof Error) error.message += `\nhistory ${this.seed}: ${this.operations.join('; ')}`;
      throw error;
    }
  }

  private async operate(): Promise<void> {
    const dice = this.chance.below(100);
    if (dice < 20) return this.add();
    if (this.actors.length === 0 || dice < 22) return this.enter();
    const actor = pick(this.chance, this.actors);
    if (dice < 46) return this.step(actor);
    if (dice < 52) return this.stepWithRooms(actor);
    if (dice < 58) return this.beat(actor);
    if (dice < 64) return this.loseAnswer(actor);
    if (dice < 69) return this.lateCalls(actor);
    if (dice < 73) return this.leave(actor);
    if (dice < 78) return this.calm ? this.step(actor) : this.crash(actor);
    if (dice < 88) return this.steering.operate(actor.worker.queue, await this.before());
    if (dice < 90) return this.tidy(actor);
    if (dice < 91) return this.note(actor);
    return this.moveClock();
  }

  private async enter(): Promise<void> {
    if (this.processes === 8) return;
    const process = await this.processOf(this.processes++);
    const worker = new TestWorker(process, process.broker.queue(this.settings));
    await worker.join();
    this.log(`${worker.consumer} joins`);
    this.actors.push(new Actor(worker, 1 + this.chance.below(4), this.engine));
  }

  private async add(): Promise<void> {
    const added = Array.from({ length: 1 + this.chance.below(4) }, () => randomTask(this.chance));
    const queue = this.actors[0]?.worker.queue ?? (await this.processOf(0)).broker.queue(this.settings);
    const foretold = this.model.foretell(added, await this.before());
    this.log(`add ${added.map(describeTask).join(' ')}`);
    const answers = await queue.add(added);
    this.setBack = false;
    expect(answers).toEqual(foretold);
    added.forEach((task, at) => {
      if (answers[at]?.to === 'added') this.model.add(task, this.engine.now());
    });
  }

  private async step(actor: Actor): Promise<void> {
    if (this.chance.below(4) > 0) this.take(actor, await actor.receive());
    const acks = randomAcks(this.chance, actor.hand.keys(), this.model);
    const { queue, consumer } = actor.worker;
    this.log(`${consumer} steps ${acks.map(({ id, to }) => `${to} ${id}`).join(' ')}`);
    const before = await this.before();
    const step = await queue.step(consumer, acks, actor.slots);
    this.setBack = false;
    if (step === 'lost') return this.rejoin(actor);
    this.settle(actor, acks, before);
    this.take(actor, step.tasks);
    if (!this.settings.limits?.weights) checkOrder(step.tasks, before, await this.look(), this.model);
    actor.look(step.nextMs);
    const stored = await this.look();
    const free = actor.slots - inHand(stored, consumer);
    expect(stored.idle.get(consumer) ?? 0).toBe(Math.max(0, free));
  }

  /** It has no room for one of the names, or little. */
  private async stepWithRooms(actor: Actor): Promise<void> {
    this.take(actor, await actor.receive());
    const acks = randomAcks(this.chance, actor.hand.keys(), this.model);
    const { queue, consumer } = actor.worker;
    const before = await this.before();
    const left = acks.reduce((hand, { id }) => hand - (actor.hand.has(id) ? 1 : 0), actor.hand.size);
    const [shared, free] = [Math.max(0, actor.slots - left), this.chance.below(2)];
    this.log(`${consumer} steps with ${shared} rooms, ${free} for other`);
    const names = [{ name: 'other', free, apart: false }];
    const step = await queue.step(consumer, acks, actor.slots, { shared, names });
    this.setBack = false;
    if (step === 'lost') return this.rejoin(actor);
    this.settle(actor, acks, before);
    this.take(actor, step.tasks);
    actor.look(step.nextMs);
    expect(step.tasks.filter(({ id }) => this.model.nameOf(id) === 'other').length).toBeLessThanOrEqual(free);
    expect((await this.look()).idle.has(consumer)).toBe(false);
  }

  private async beat(actor: Actor): Promise<void> {
    this.take(actor, await actor.receive());
    const { queue, consumer } = actor.worker;
    const state = actor.hand.size > 0 ? 'busy' : 'idle';
    const beat = await queue.beat(consumer, state);
    this.log(`${consumer} beats ${state}: ${beat}`);
    if (beat === 'lost') await this.rejoin(actor);
    if (beat === 'look') await this.step(actor);
  }

  /** The step happened, and nobody knows. */
  private async loseAnswer(actor: Actor): Promise<void> {
    const acks = randomAcks(this.chance, actor.hand.keys(), this.model);
    const before = await this.before();
    this.log(`${actor.worker.consumer} steps in vain ${acks.map(({ id, to }) => `${to} ${id}`).join(' ')}`);
    const step = await actor.worker.queue.step(actor.worker.consumer, acks, actor.slots);
    if (step !== 'lost') {
      this.settle(actor, acks, before);
      this.model.claim(step.tasks);
    }
    for (const { id } of acks) actor.hand.set(id, { id, envelope: '', tries: 0 });
    await this.rejoin(actor);
  }

  private async rejoin(actor: Actor): Promise<void> {
    const { worker } = actor;
    const previous = { consumer: worker.consumer, keep: [...actor.hand.keys()] };
    actor.formerNames.push(worker.consumer);
    if (this.chance.below(3) === 0) actor.formerNames.push((await worker.queue.join(previous)).consumer);
    const kept = new Set(await worker.join(previous));
    this.stored = undefined;
    this.log(`${previous.consumer} joins as ${worker.consumer} keeping ${[...kept].join(' ')}`);
    for (const id of actor.hand.keys()) if (!kept.has(id)) actor.hand.delete(id);
    actor.look(0);
  }

  private async lateCalls(actor: Actor): Promise<void> {
    if (actor.formerNames.length === 0) return;
    const name = pick(this.chance, actor.formerNames);
    this.log(`${name} is late`);
    const before = await this.before();
    const { queue } = actor.worker;
    const ids = [...this.model.live];
    const acks = ids.map((id) => completed(id));
    expect(await queue.step(name, acks, 5)).toBe('lost');
    expect(await queue.beat(name, 'busy')).toBe('lost');
    for (const id of ids.slice(0, 2)) expect(await queue.note(name, id, 'log', 'late')).toBe(false);
    await queue.leave(name);
    expect(await this.look()).toEqual(before);
  }

  private async leave(actor: Actor): Promise<void> {
    this.log(`${actor.worker.consumer} leaves`);
    await actor.worker.queue.leave(actor.worker.consumer);
    this.actors.splice(this.actors.indexOf(actor), 1);
  }

  /** It is never heard of again. */
  private crash(actor: Actor): void {
    this.log(`${actor.worker.consumer} is killed`);
    this.actors.splice(this.actors.indexOf(actor), 1);
  }

  private async tidy(actor: Actor): Promise<void> {
    this.log('tidy');
    await actor.worker.tidy('send', 'other');
    expect((await this.look()).places.parked).toEqual([]);
  }

  private async note(actor: Actor): Promise<void> {
    const id = randomId(this.chance);
    const { queue, consumer } = actor.worker;
    const holder = (await this.before()).holders.get(id);
    const isMine = holder === numberOf(consumer);
    expect(await queue.note(consumer, id, pick(this.chance, ['log', 'progress']), 'x')).toBe(isMine);
  }

  private async moveClock(): Promise<void> {
    const dice = this.calm ? 0 : this.chance.below(10);
    let ms = this.chance.below(LEASE / 2);
    if (dice > 6) ms = dice === 9 ? -this.chance.below(3 * LEASE) : this.chance.below(4 * LEASE);
    this.log(`${ms} ms`);
    await this.engine.advance(ms);
    this.setBack = ms < 0;
    for (const actor of [...this.actors]) {
      if (actor.lookAt > this.engine.now()) continue;
      actor.lookAt = Number.POSITIVE_INFINITY;
      await this.step(actor);
    }
  }

  /** Somebody who is idle looks when the next task falls due or expires. */
  private async checkNoticed({ places, idle }: Stored): Promise<void> {
    if (!this.actors.some(({ worker }) => idle.has(worker.consumer))) return;
    const [first] = await this.queue.read(places.delayed.slice(0, 1));
    const at = Math.min(first?.at ?? Number.POSITIVE_INFINITY, this.model.firstExpiry);
    for (const actor of this.actors) this.take(actor, await actor.receive());
    const soonest = Math.min(...this.actors.map(({ lookAt }) => lookAt));
    expect(soonest).toBe(Math.min(soonest, Math.max(at, this.engine.now())));
  }

  /** The acknowledgements were taken: each task was in the actor's hand, and is what it was said to be. */
  private settle(actor: Actor, acks: readonly Ack[], before: Stored): void {
    const self = numberOf(actor.worker.consumer);
    expect(acks.filter(({ id }) => before.holders.get(id) !== self)).toEqual([]);
    for (const { id, to, tries } of acks) {
      actor.hand.delete(id);
      if (to === 'retry' || to === 'parked') this.model.retry(id, tries);
      else this.model.live.delete(id);
    }
  }

  private take(actor: Actor, claimed: readonly ClaimedTask[]): void {
    // Nothing that ended is ever given out again, and nothing twice.
    const { model } = this;
    const wrong = claimed.filter(
      ({ id, tries }) => !model.live.has(id) || model.triesOf(id) !== tries || actor.hand.has(id),
    );
    expect(wrong).toEqual([]);
    this.model.claim(claimed);
    for (const one of claimed) actor.hand.set(one.id, one);
  }

  private async check(): Promise<void> {
    const stored = await this.look();
    // A clock that is set back revives idle leases; the next call that hands over makes use of them.
    checkStored(stored, this.setBack ? Number.POSITIVE_INFINITY : this.engine.now(), new Set());
    this.model.observe(stored, this.engine.now());
    const [someone] = this.actors;
    if (someone && this.chance.below(4) === 0) await checkTold(someone.worker.queue, stored);
    for (const { worker, slots } of this.actors) {
      expect(inHand(stored, worker.consumer)).toBeLessThanOrEqual(slots);
    }
    if (this.calm) await this.checkNoticed(stored);
  }

  /** Everybody falls silent; one new worker gets everything done. */
  private async drain(): Promise<void> {
    const process = await this.processOf(9);
    const last = new Actor(new TestWorker(process, process.broker.queue(this.settings)), 5, this.engine);
    await last.worker.join();
    this.log(`${last.worker.consumer} drains`);
    await this.steering.resumeAll(last.worker.queue);
    for (let turns = 0; turns < 120; turns++) {
      this.take(last, await last.receive());
      const acks = [...last.hand.keys()].map((id) => completed(id));
      const before = await this.before();
      const step = await last.worker.step(last.slots, ...acks);
      this.settle(last, acks, before);
      this.take(last, step.tasks);
      await last.worker.tidy('send', 'other');
      await this.check();
      if (this.model.live.size === 0) return;
      await this.engine.advance(LEASE / 4);
    }
    expect([...this.model.live]).toEqual([]);
  }

  private get queue(): QueueBroker {
    const queue = this.actors[0]?.worker.queue;
    if (!queue) throw new Error('nobody is there');
    return queue;
  }

  /** What was stored before this operation. */
  private async before(): Promise<Stored> {
    return (this.stored ??= await this.look());
  }

  private async look(): Promise<Stored> {
    return (this.stored = await this.engine.look(this.settings.name));
  }

  private log(operation: string): void {
    this.operations.push(operation);
  }
}
