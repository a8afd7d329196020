import { expect } from '@jest/globals';
import type { Ack, Beat, Joined, Step } from '../../lib/task/task.broker.js';
import type { Actor } from './task-model.actor.js';
import type { Bench, Seen } from './task-model.bench.js';
import type { Claim } from './task-model.claims.js';
import type { QueueModel } from './task-model.queue.js';

/** More turns than time can pass in without somebody spinning. */
const MOST_TURNS = 200;
const BEAT_MS = 1_300;

/** Becomes a consumer, perhaps in place of what it was before, of which it still believes to have tasks in hand. */
export async function join(bench: Bench, actor: Actor): Promise<void> {
  const { consumer } = actor;
  const previous = consumer === undefined ? undefined : { consumer, keep: [...actor.hand] };
  if (consumer !== undefined) bench.formerNames.push(consumer);
  await bench.perform(
    `${actor.process.name} joins${previous ? ` after ${previous.consumer} keeping ${previous.keep.join(' ')}` : ''}`,
    () => actor.queue.join(previous),
    (joined: Joined) => {
      actor.consumer = joined.consumer;
      actor.hand.clear();
      for (const id of joined.kept) actor.hand.add(id);
      const kept = bench.model.hands.join(actor.process.name, joined.consumer, previous);
      expect({ kept: [...joined.kept].sort() }).toEqual({ kept: kept.sort() });
      return undefined;
    },
  );
  actor.look(bench.model.now);
  actor.beatAt = bench.model.now + BEAT_MS;
}

export async function step(bench: Bench, actor: Actor, acks: readonly Ack[] = []): Promise<Step> {
  const { model } = bench;
  const { slots, rooms } = actor;
  const consumer = actor.consumer ?? 'nobody';
  if (actor.lookAt <= bench.engine.now()) actor.lookAt = Number.POSITIVE_INFINITY;
  const result = await bench.perform<Step>(
    `${consumer} steps ${slots}${rooms ? ` ${JSON.stringify(rooms)}` : ''} ${acks.map(ackText).join(', ')}`,
    () => actor.queue.step(consumer, acks, slots, rooms),
    (answer, seen) => {
      if (answer === 'lost') return void loses(model, consumer);
      const self = model.consumers.get(consumer);
      expect({ known: self?.name }).toEqual({ known: consumer });
      if (!self) return undefined;
      for (const { id } of acks) actor.hand.delete(id);
      model.hands.acknowledge(self, acks);
      model.fallDue();
      model.expire();
      bury(model, seen, consumer);
      if (rooms) for (const task of model.in('waiting')) task.overtakes = true;
      return { consumer, slots, rooms };
    },
    (answer): Claim[] =>
      answer === 'lost' ? [] : answer.tasks.map((task) => ({ consumer, task, isPushed: false })),
  );
  if (result !== 'lost' && result.nextMs !== undefined) actor.look(model.now + result.nextMs);
  actor.beatAt = model.now + BEAT_MS;
  if (result === 'lost') await join(bench, actor);
  return result;
}

export async function beat(bench: Bench, actor: Actor): Promise<Beat> {
  const { model } = bench;
  const consumer = actor.consumer ?? 'nobody';
  const state = actor.hand.size > 0 ? 'busy' : 'idle';
  actor.beatAt = bench.engine.now() + BEAT_MS;
  const result = await bench.perform<Beat>(
    `${consumer} beats ${state}`,
    () => actor.queue.beat(consumer, state),
    (answer) => {
      const self = model.consumers.get(consumer);
      if (answer === 'lost') {
        if (self && self.deadline >= model.now) loses(model, consumer);
        return undefined;
      }
      expect({ known: self?.name }).toEqual({ known: consumer });
      if (!self) return undefined;
      for (const task of model.handOf(consumer)) if (task.isCancelling) model.tellHolder(task);
      const { leaseMs, idleLeaseMs } = model.settings;
      if (state === 'busy') self.deadline = model.now + leaseMs;
      else if (self.deadline > model.now + leaseMs) self.deadline = model.now + idleLeaseMs;
      if (answer === 'tidy') expect(model.in('parked')).not.toEqual([]);
      return undefined;
    },
  );
  if (result === 'lost') await join(bench, actor);
  if (result === 'look') actor.look(model.now);
  return result;
}

export async function tidy(bench: Bench, actor: Actor, names: readonly string[]): Promise<void> {
  const { model } = bench;
  const consumer = actor.consumer ?? 'nobody';
  await bench.perform(
    `${consumer} tidies ${names.join(' ')}`,
    () => actor.queue.tidy(consumer, names),
    () => {
      model.expire();
      model.forgetOld();
      return { consumer, slots: 0, rooms: undefined, unparked: model.unpark(names) };
    },
  );
}

/** Time passes; whoever is there looks when it was told to, and beats while it has something in hand. */
export async function pass(bench: Bench, ms: number, everybodyBeats: boolean): Promise<void> {
  const { engine } = bench;
  const end = engine.now() + ms;
  bench.log.push(`${ms} ms pass`);
  for (let turns = 0; ; turns++) {
    const timers = bench.present.map((actor) => {
      const beatAt = everybodyBeats || actor.hand.size > 0 ? actor.beatAt : Number.POSITIVE_INFINITY;
      return { actor, at: Math.min(actor.lookAt, beatAt), beatAt };
    });
    const [next] = timers.sort((one, other) => one.at - other.at);
    if (!next || next.at > end) break;
    if (turns === MOST_TURNS) throw new Error(`${next.actor.process.name} looks again and again`);
    const wait = next.at - engine.now();
    if (wait > 0) await engine.advance(wait);
    if (next.actor.lookAt <= engine.now()) await step(bench, next.actor);
    else await beat(bench, next.actor);
  }
  await engine.advance(end - engine.now());
  bench.isSettled = true;
  await bench.perform(
    'that was all',
    async () => undefined,
    () => undefined,
  );
}

/** It does not know that it is no consumer any more: that must be so. */
function loses(model: QueueModel, consumer: string): void {
  const self = model.consumers.get(consumer);
  if (!self) return;
  expect({ lost: consumer, deadline: self.deadline < model.now, hand: model.handOf(consumer) }).toEqual({
    lost: consumer,
    deadline: true,
    hand: [],
  });
  model.consumers.delete(consumer);
}

/** Whoever has not been heard of in time may be taken for dead. Whether it was shows in what it had in hand. */
function bury(model: QueueModel, { records, claims }: Seen, self: string): void {
  const dead = [...model.consumers.values()].filter(
    ({ name, deadline }) =>
      name !== self &&
      deadline < model.now &&
      model
        .handOf(name)
        .some(({ id }) => records.get(id)?.state !== 'active' || claims.some(({ task }) => task.id === id)),
  );
  model.hands.bury(dead);
}

const ackText = ({ to, id }: Ack): string => `${to} ${id}`;
