import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Ack } from '../../lib/task/task.broker.js';
import type { EngineUnderTest, TestProcess } from '../contract/task-broker.engine.js';
import type { Actor } from './task-model.actor.js';
import { Bench } from './task-model.bench.js';
import { COMMANDS } from './task-model.commands.js';
import { join, step, tidy } from './task-model.deeds.js';
import { NAMES, plan, type Plan } from './task-model.plan.js';
import { QueueModel } from './task-model.queue.js';
import { isFinal } from './task-model.task.js';

const COMMANDS_AT_MOST = Number(process.env['DEPOT_MODEL_LENGTH'] ?? 40);
const DRAIN_TURNS = 150;
const DRAIN_SLOTS = 3;

/** Processes of an engine that take part in all histories; the last ones only bring other limits, or clear up. */
export const PROCESSES = 6;
const ACTORS = 3;

export interface Counted {
  histories: number;
  commands: number;
}

/** Any history: a plan, and commands; at its end, one new worker must get everything done. */
export function histories(
  engine: EngineUnderTest,
  processes: readonly TestProcess[],
  counted: Counted,
): fc.IAsyncPropertyWithHooks<[Plan, Iterable<fc.AsyncCommand<Bench, Bench>>]> {
  return fc.asyncProperty(
    plan,
    fc.commands<Bench, Bench, false>(COMMANDS, { maxCommands: COMMANDS_AT_MOST, size: 'max' }),
    async (chosen, commands) => {
      const bench = benchOf(engine, processes, chosen, ++counted.histories);
      try {
        for (const { queue } of bench.actors) await queue.counts();
        for (const actor of bench.actors.slice(0, chosen.workers)) await join(bench, actor);
        await fc.asyncModelRun(() => ({ model: bench, real: bench }), commands);
        await drain(bench);
      } catch (error) {
        if (error instanceof Error) error.message += `\n\n${bench.log.join('\n')}`;
        throw error;
      } finally {
        counted.commands += bench.performed;
        await bench.queue.obliterate();
      }
    },
  );
}

function benchOf(
  engine: EngineUnderTest,
  processes: readonly TestProcess[],
  chosen: Plan,
  number: number,
): Bench {
  const settings = { ...chosen.settings, name: `model-${number}`, limits: chosen.limits };
  const model = new QueueModel(settings, chosen.limits, engine.now());
  return new Bench(engine, processes.slice(0, ACTORS), processes.slice(ACTORS), model, settings);
}

/** Everybody falls silent and everything is resumed; one new worker gets it all done. */
async function drain(bench: Bench): Promise<void> {
  const { model, queue, engine } = bench;
  bench.log.push('everybody falls silent');
  for (const actor of bench.actors) actor.isKilled = true;
  for (const name of [undefined, ...model.pausedNames]) {
    await bench.perform(
      `resume ${name ?? 'all'}`,
      () => queue.resume(name),
      () => {
        if (name === undefined) model.isPaused = false;
        else model.pausedNames.delete(name);
        return undefined;
      },
    );
  }
  const worker: Actor = bench.enter();
  worker.slots = DRAIN_SLOTS;
  await join(bench, worker);
  for (let turns = 0; turns < DRAIN_TURNS; turns++) {
    const acks = [...worker.hand].map((id): Ack => ({ id, to: 'completed', outcome: '', tries: 1 }));
    const answer = await step(bench, worker, acks);
    const left = [...model.tasks.values()].filter(({ state }) => !isFinal(state));
    if (left.length === 0) return;
    if (worker.hand.size > 0) continue;
    if (left.some(({ state }) => state === 'parked')) await tidy(bench, worker, NAMES);
    const nextMs = answer === 'lost' ? 0 : (answer.nextMs ?? 1_000);
    if (worker.hand.size === 0) await engine.advance(Math.max(1, Math.min(nextMs, 1_000)));
  }
  const left = [...model.tasks.values()].filter(({ state }) => !isFinal(state));
  expect(left.map(({ id, state }) => `${id} is ${state} for ever`)).toEqual([]);
}
