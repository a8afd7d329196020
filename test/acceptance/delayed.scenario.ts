import { monitorEventLoopDelay } from 'node:perf_hooks';
import { uniqueNamespace } from '../support/namespace.js';
import { AppProcess } from './app-process.js';
import type { DelayedAppSettings, Punctuality, Spread } from './apps/delayed.app.js';
import { distribution, type Distribution } from './figures.js';

export interface DelayedReport {
  readonly tasks: number;
  readonly ran: number;
  /** Tasks that ran before they were due. */
  readonly early: number;
  /** Tasks that began before one that was due earlier. */
  readonly outOfOrder: number;
  readonly latenessMs: Distribution;
  /** How late plain timers of a process with nothing to do were meanwhile: what this machine adds, whoever asks. */
  readonly machineMs: Distribution;
}

const TICK_MS = 5;

/** Tasks that fall due one after another, in one process. Without `redis` on the embedded engine. */
export async function delayed(
  redis: string | undefined,
  tasks: number,
  overMs: number,
): Promise<DelayedReport> {
  const settings: DelayedAppSettings = { redis, namespace: uniqueNamespace('delayed') };
  await using app = await AppProcess.start('delayed', settings);
  const machine = monitorEventLoopDelay({ resolution: TICK_MS });
  machine.enable();
  const ran = await app.call<Punctuality[]>('run', { tasks, overMs } satisfies Spread);
  machine.disable();
  await app.stop();
  const lateness = ran.map(({ dueAt, startedAt }) => startedAt - dueAt);
  let latest = 0;
  let outOfOrder = 0;
  for (const { dueAt } of ran) {
    if (dueAt < latest) outOfOrder++;
    latest = Math.max(latest, dueAt);
  }
  return {
    tasks,
    ran: new Set(ran.map(({ dueAt }) => dueAt)).size,
    early: lateness.filter((ms) => ms < 0).length,
    outOfOrder,
    latenessMs: distribution(lateness),
    machineMs: {
      p50: late(machine.percentile(50)),
      p99: late(machine.percentile(99)),
      max: late(machine.max),
    },
  };
}

const late = (ns: number): number => ns / 1e6 - TICK_MS;
