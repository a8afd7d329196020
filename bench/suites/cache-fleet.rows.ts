import { able } from '../contenders/cache/cache.abilities.js';
import type { Place } from '../contenders/cache/cache.contender.js';
import { cacheCrew, type CacheProcess } from '../contenders/cache/cache.crew.js';
import { percentile } from '../harness/figures.js';
import type { Part, Stage } from '../harness/suite.js';
import type { CacheRows } from './cache.parts.js';

const CHANGES = { set: 'old value after a set', delete: 'old value after a delete' } as const;
const COLD: Readonly<Record<string, number>> = {
  'factory calls, cold key, 1 process x 250 callers': 1,
  'factory calls, cold key, 4 processes x 250 callers': 4,
};
const LAST = 'last answer after the factory, 4 processes x 250 callers, ms';

const PLACE: Place = { where: 'tiers' };
const WRITES = 300;
const CALLERS = 250;
/** Long enough for every process to have asked. */
const FACTORY_MS = 200;
/** Starting them is most of what a short run takes. */
const PROCESSES_IN_SHORT = 2;
/** Long enough for every process to have been told. */
const START_NS = 50_000_000n;

const p50 = (what: string): string => `${what}, p50 ms`;
const p99 = (what: string): string => `${what}, p99 ms`;

/** Several processes with memories of their own, in front of one Redis. */
export const fleetRows: CacheRows = {
  rows: {
    ...Object.fromEntries(
      Object.values(CHANGES)
        .flatMap((what) => [p50(what), p99(what)])
        .map((metric) => [metric, { better: 'lower', needs: 'coherent' }] as const),
    ),
    ...Object.fromEntries(
      [...Object.keys(COLD), LAST].map((metric) => [metric, { better: 'lower', needs: 'getOrSet' }] as const),
    ),
  },
  parts: (stage) => [...coherence(stage), ...cold(stage)],
};

/** One process changes a value that another one has in memory, and asks for in every turn of its event loop. */
function coherence(stage: Stage): Part[] {
  return Object.entries(CHANGES).map(([change, what]) => ({
    name: what,
    contenders: able('coherent'),
    measure: (contender) =>
      cacheCrew(stage, contender).open(PLACE, 2, async (writer, reader) => {
        const took: number[] = [];
        const warmUp = stage.short ? 2 : 50;
        const writes = warmUp + (stage.short ? 10 : WRITES);
        for (let at = 0; at < writes; at++) {
          took.push(await changed(writer, reader, at, change === 'set' ? at + 1 : undefined));
        }
        const measured = took.slice(warmUp);
        return { [p50(what)]: percentile(measured, 0.5), [p99(what)]: percentile(measured, 0.99) };
      }),
  }));
}

/** Milliseconds from the call of the change to an answer of the reader's that is the new one. */
async function changed(
  writer: CacheProcess,
  reader: CacheProcess,
  old: number,
  next: number | undefined,
): Promise<number> {
  const change = { key: 'changes', old, next };
  await writer.call('store', change.key, old);
  await reader.call('learn', change.key, old);
  const watching = new Promise((resolve) => reader.on('watching', resolve));
  const [begunAt, changedAt] = await Promise.all([
    watching.then(() => writer.call('change', change)),
    reader.call('watch', change),
  ]);
  return Number(changedAt - begunAt) / 1e6;
}

function cold(stage: Stage): Part[] {
  return Object.entries(COLD).map(([metric, wanted]) => ({
    name: metric,
    contenders: able('getOrSet'),
    measure: (contender) => {
      const processes = stage.short ? Math.min(wanted, PROCESSES_IN_SHORT) : wanted;
      return cacheCrew(stage, contender).open(PLACE, processes, async (...all) => {
        const at = process.hrtime.bigint() + START_NS;
        const factoryMs = stage.short ? FACTORY_MS / 4 : FACTORY_MS;
        const key = { key: 'cold', callers: CALLERS, at, factoryMs };
        const told = await Promise.all(all.map((one) => one.call('cold', key)));
        const calls = told.reduce((sum, one) => sum + one.calls, 0);
        const madeAt = latest(told.map((one) => one.madeAt ?? 0n));
        const last = Number(latest(told.map((one) => one.answeredAt)) - madeAt) / 1e6;
        return { [metric]: calls, ...(wanted > 1 ? { [LAST]: last } : {}) };
      });
    },
  }));
}

const latest = (times: readonly bigint[]): bigint => times.reduce((most, one) => (one > most ? one : most));
