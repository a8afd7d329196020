import type { DepotLogger } from '../common/logger.js';
import { EmbeddedEngine } from '../engines/embedded/embedded-engine.js';
import type { Engine } from '../engines/engine.js';
import type { ManualClock } from './manual-clock.js';
import { intercept, type Traffic } from './traffic.js';
import type { WorkerGate } from './worker.gate.js';

/** The embedded engine on a clock that stands still, watched, its workers behind the gate. */
export function testEngine(
  logger: DepotLogger,
  clock: ManualClock,
  gate: WorkerGate,
  traffic: Traffic,
): Engine {
  const engine: Engine = new EmbeddedEngine(logger, clock);
  const follow = (_: string, call: () => unknown): unknown => {
    const answer = call();
    return answer instanceof Promise ? traffic.follow(answer) : answer;
  };
  return intercept(engine, {
    tasks: gate.guard(engine.tasks),
    cache: intercept(engine.cache, {}, follow),
    locks: intercept(engine.locks, {}, (method, call) => {
      // Whoever waited for a lock may go on; what is held renews itself all the time, and wakes nobody.
      if (method !== 'extend') traffic.woke();
      return follow(method, call);
    }),
  });
}
