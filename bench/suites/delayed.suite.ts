import { setTimeout as pause } from 'node:timers/promises';
import { crewOf } from '../contenders/tasks/task.crew.js';
import { TASK_PEERS } from '../contenders/tasks/task.settings.js';
import { percentile } from '../harness/figures.js';
import { hrtimeToEpoch } from '../harness/wall-clock.js';
import type { Figures, Stage, Suite } from '../harness/suite.js';

const CONCURRENCY = 100;
/** How long after the last one is due anybody is waited for; what has not come by then counts as this late. */
const PATIENCE_MS = 10_000;
const POLL_MS = 50;
/** What the clocks of two readings may differ by. */
const CLOCK_MS = 0.1;

/** The first one may be due `soonMs` after the first is added: by then all have to be there. */
const FULL = { tasks: 500, soonMs: 1_000, overMs: 3_000, patienceMs: PATIENCE_MS };
const SHORT = { tasks: 20, soonMs: 500, overMs: 100, patienceMs: 2_000 };

export const delayed: Suite = {
  name: 'delayed',
  about: `500 tasks that fall due at random over 3 s: how late they begin; ${PATIENCE_MS / 1_000} s when they have not by then`,
  metrics: {
    'lateness p50 ms': 'lower',
    'lateness p99 ms': 'lower',
    'earliest ms': 'neither',
    'have run %': 'higher',
  },
  contenders: TASK_PEERS,
  rounds: 3,
  parts: (stage) => [{ name: 'lateness', measure: (contender) => lateness(stage, contender) }],
};

async function lateness(stage: Stage, contender: string): Promise<Figures> {
  const { tasks, soonMs, overMs, patienceMs } = stage.short ? SHORT : FULL;
  const redis = await stage.redis();
  const crew = crewOf(stage, contender);
  const [producer, worker] = await Promise.all([crew.producer(), crew.worker()]);
  const target = crew.target(redis.url, { concurrency: CONCURRENCY, delays: true });
  await worker.call('openTimedWorker', contender, target, CONCURRENCY, tasks);
  await producer.call('openProducer', contender, target);
  const dueAt = await producer.call('addDelayed', tasks, soonMs, overMs, tasks);
  const deadline = Math.max(...dueAt) + patienceMs;
  while ((await worker.call('handledCount')) < tasks && Date.now() < deadline) await pause(POLL_MS);
  const toEpoch = hrtimeToEpoch();
  await worker.call('closeWorker');
  await producer.call('closeProducer');
  await redis.command('FLUSHALL');
  const { times } = await worker.call('tallied');
  if (times.some((count) => count > 1)) throw new Error(`${contender} ran a delayed task more than once`);
  const startedAt = await worker.call('starts');
  const startedMs = Array.from(startedAt, (at) => (at === 0n ? undefined : Number(at + toEpoch) / 1e6));
  const late = dueAt.map((at, number) => (startedMs[number] ?? at + patienceMs) - at);
  const earliest = Math.min(...late);
  const came = startedMs.filter((at) => at !== undefined).length;
  if (contender === 'depot' && (came < tasks || earliest < -CLOCK_MS)) {
    throw new Error(`of ${tasks} delayed tasks ${came} ran, the earliest ${earliest} ms after it was due`);
  }
  return {
    'lateness p50 ms': percentile(late, 0.5),
    'lateness p99 ms': percentile(late, 0.99),
    'earliest ms': earliest,
    'have run %': (came / tasks) * 100,
  };
}
