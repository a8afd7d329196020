import { expect } from '@jest/globals';
import fc from 'fast-check';
import { acksOf, ends } from './task-model.acks.js';
import {
  anybody,
  away,
  Command,
  pickOf,
  producer,
  somebody,
  text,
  who,
  worker,
} from './task-model.command.js';
import { beat, join, pass, step, tidy } from './task-model.deeds.js';
import { id, NAMES, rooms, sometimes, TIMES } from './task-model.plan.js';

export const joining = who.map(
  (at) =>
    new Command(
      text('join', at),
      (bench) => away(bench).length > 0,
      (bench) => join(bench, pickOf(away(bench), at)),
    ),
);

export const joiningAgain = who.map(
  (at) => new Command(text('join again', at), somebody, (bench) => join(bench, worker(bench, at))),
);

export const stepping = fc.tuple(who, ends, fc.integer({ min: 0, max: 4 }), sometimes(rooms, 5)).map(
  ([at, wanted, slots, room]) =>
    new Command(text('step', at, wanted, slots, room), somebody, (bench) => {
      const actor = worker(bench, at);
      actor.slots = slots;
      actor.rooms = room;
      return step(bench, actor, acksOf(bench, actor, wanted));
    }),
);

export const leaving = who.map(
  (at) =>
    new Command(text('leave', at), somebody, async (bench) => {
      const actor = worker(bench, at);
      const consumer = actor.consumer ?? '';
      actor.consumer = undefined;
      actor.lookAt = Number.POSITIVE_INFINITY;
      actor.hand.clear();
      bench.formerNames.push(consumer);
      await bench.perform(
        `${consumer} leaves`,
        () => actor.queue.leave(consumer),
        () => {
          const self = bench.model.consumers.get(consumer);
          return self && void bench.model.hands.leave(self);
        },
      );
    }),
);

export const killing = who.map(
  (at) =>
    new Command(text('kill', at), somebody, async (bench) => {
      const actor = worker(bench, at);
      actor.isKilled = true;
      bench.log.push(`${actor.consumer} is killed`);
    }),
);

/** It was not dead after all, and goes on with what it believes to have in hand. */
export const waking = who.map(
  (at) =>
    new Command(
      text('wake', at),
      ({ actors }) => actors.some(({ isKilled }) => isKilled),
      (bench) => {
        const actor = pickOf(
          bench.actors.filter(({ isKilled }) => isKilled),
          at,
        );
        actor.isKilled = false;
        return step(bench, actor);
      },
    ),
);

export const beating = who.map(
  (at) => new Command(text('beat', at), somebody, (bench) => beat(bench, worker(bench, at))),
);

export const late = fc.tuple(who, fc.nat()).map(
  ([at, name]) =>
    new Command(
      text('late', at),
      ({ formerNames }) => formerNames.length > 0,
      async (bench) => {
        const { queue } = producer(bench, at);
        const former = bench.formerNames[name % bench.formerNames.length]!;
        await bench.perform(
          `${former} is late`,
          async () => [
            await queue.step(former, [], 3),
            await queue.beat(former, 'busy'),
            await queue.leave(former),
          ],
          (answers) => void expect(answers).toEqual(['lost', 'lost', undefined]),
        );
      },
    ),
);

export const noting = fc.tuple(who, id, fc.constantFrom('progress' as const, 'log' as const)).map(
  ([at, about, kind]) =>
    new Command(text('note', at, about, kind), somebody, async (bench) => {
      const actor = worker(bench, at);
      const consumer = actor.consumer ?? '';
      await bench.perform(
        `${consumer} notes ${kind} of ${about}`,
        () => actor.queue.note(consumer, about, kind, `${kind}\nof ${about}`),
        (noted) => {
          const task = bench.model.tasks.get(about);
          expect({ noted }).toEqual({ noted: task?.state === 'active' && task.holder === consumer });
          if (!noted || !task) return undefined;
          if (kind === 'log') task.log = [...task.log, 'log', `of ${about}`];
          else bench.model.emit('progress', task, (task.progress = `progress\nof ${about}`));
          return undefined;
        },
      );
    }),
);
export const tidying = fc
  .tuple(who, fc.subarray([...NAMES], { minLength: 1 }))
  .map(
    ([at, names]) =>
      new Command(text('tidy', at, names), somebody, (bench) => tidy(bench, worker(bench, at), names)),
  );

export const passing = fc
  .tuple(fc.constantFrom(...TIMES), fc.boolean())
  .map(
    ([ms, isBeating]) =>
      new Command(text('pass', ms, isBeating), anybody, (bench) => pass(bench, ms, isBeating)),
  );

/** Nobody looks, beats or is told anything in time: the machine stood still, or Redis was away. */
export const stalling = fc.constantFrom(...TIMES).map(
  (ms) =>
    new Command(text('stall', ms), anybody, async (bench) => {
      bench.log.push(`${ms} ms pass unnoticed`);
      bench.isSettled &&= ms === 0;
      await bench.engine.advance(ms);
    }),
);
