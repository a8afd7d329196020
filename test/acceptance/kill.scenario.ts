import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { AppProcess } from './app-process.js';
import type { LedgerAppSettings } from './apps/ledger.app.js';
import { LEDGER_QUEUE, readLedgers } from './ledger.js';
import { Producer } from './producer.js';

/** Slots of each worker, and so the most that one can have in hand. */
export const SLOTS = 100;

/** From the engine's reply to the line in the ledger. */
const ON_ITS_WAY_MS = 100;

export interface KillReport {
  readonly tasks: number;
  /** Attempts that began and ended, in the process that was killed and in the other one. */
  readonly killed: { readonly started: number; readonly ended: number };
  readonly survivor: { readonly started: number; readonly ended: number };
  /** Tasks that were in the hand of the killed process, as the engine has it. */
  readonly inHand: number;
  /** Tasks that no process has ended. */
  readonly lost: number;
  /** Tasks that have begun more than once. */
  readonly duplicates: number;
  /** Those of them that were not in the killed process' hand. */
  readonly needlessDuplicates: number;
  /** Milliseconds from the kill until the last of what was in its hand had begun again. */
  readonly runAgainWithinMs: number;
  /** Tasks by state, in the end. */
  readonly left: {
    readonly waiting: number;
    readonly delayed: number;
    readonly active: number;
    readonly dead: number;
  };
  readonly tookMs: number;
}

/** Two worker processes share the tasks; one is killed in the middle. What ran is counted from what handlers wrote. */
export async function kill(redis: string, tasks: number, workMs: number): Promise<KillReport> {
  const directory = mkdtempSync(join(tmpdir(), 'depot-ledger-'));
  const namespace = uniqueNamespace('kill');
  const settings: LedgerAppSettings = { redis, namespace, directory, concurrency: SLOTS, workMs };
  const begun = performance.now();
  try {
    await using producer = await Producer.start(redis, namespace, LEDGER_QUEUE);
    await using survivor = await AppProcess.start('ledger', settings);
    await using victim = await AppProcess.start('ledger', settings);
    const middle = reaches(tasks / 2, [survivor, victim]);
    await producer.queue.addBulk(
      Array.from({ length: tasks }, (_, task) => ({
        name: 'enter',
        payload: task,
        options: { id: String(task) },
      })),
    );
    await middle;
    const killedAt = Date.now();
    await victim.kill();
    const active = await producer.queue.list('active', { start: 0, stop: -1 });
    const lookedAt = Date.now();

    const left = await eventually(
      async () => {
        const { waiting, delayed, active, dead } = await producer.queue.counts();
        assert.equal(waiting + delayed + active, 0);
        return { waiting, delayed, active, dead };
      },
      { within: 60_000 },
    );
    await survivor.stop();

    const entries = readLedgers(directory);
    const of = (process: AppProcess) => entries.filter(({ pid }) => pid === process.pid);
    const count = (process: AppProcess) => ({
      started: of(process).length,
      ended: of(process).filter(({ endedAt }) => endedAt !== undefined).length,
    });
    const begunByVictim = new Set(of(victim).map(({ task }) => task));
    const bySurvivor = new Map(of(survivor).map((entry) => [entry.task, entry]));
    // A living worker begins at once what it claims: what it begins later was in the other one's hand.
    const startOf = (task: number): number => bySurvivor.get(task)?.startedAt ?? Number.POSITIVE_INFINITY;
    const inHand = new Set(
      active.map(({ id }) => Number(id)).filter((task) => startOf(task) > lookedAt + ON_ITS_WAY_MS),
    );
    const again = of(survivor).filter(({ task }) => begunByVictim.has(task));
    const ended = new Set(entries.filter(({ endedAt }) => endedAt !== undefined).map(({ task }) => task));
    return {
      tasks,
      killed: count(victim),
      survivor: count(survivor),
      inHand: inHand.size,
      lost: tasks - ended.size,
      duplicates: again.length,
      needlessDuplicates: again.filter(({ task }) => !inHand.has(task)).length,
      runAgainWithinMs: Math.max(0, ...[...inHand].map((task) => startOf(task) - killedAt)),
      left,
      tookMs: Math.round(performance.now() - begun),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Resolves when the processes have ended so many tasks together. */
function reaches(tasks: number, processes: readonly AppProcess[]): Promise<void> {
  return new Promise((resolve) => {
    const ended = new Map<AppProcess, number>();
    for (const process of processes) {
      process.on('ended', (count) => {
        ended.set(process, count as number);
        if ([...ended.values()].reduce((sum, one) => sum + one, 0) >= tasks) resolve();
      });
    }
  });
}
