import { setTimeout as pause } from 'node:timers/promises';
import { crewOf, type TaskCrew } from '../contenders/tasks/task.crew.js';
import { TASK_SETTINGS } from '../contenders/tasks/task.settings.js';
import type { Figures, Stage, Suite } from '../harness/suite.js';

const CONCURRENCY = 100;
const BULK = 10_000;
const FULL = { backlog: 1_000_000, bulks: 10 };
const SHORT = { backlog: 20_000, bulks: 1 };
const POLL_MS = 5;

/** Microseconds a task. */
interface Costs {
  readonly add: number;
  readonly claim: number;
}

export const backlog: Suite = {
  name: 'backlog',
  about:
    'what adding (addBulk of 10,000) and running (concurrency 100) cost with a million tasks waiting; no peers',
  metrics: {
    'add, µs a task, empty queue': 'lower',
    'add, µs a task, backlog': 'lower',
    'add, times the empty queue': 'lower',
    'run, µs a task, empty queue': 'lower',
    'run, µs a task, backlog': 'lower',
    'run, times the empty queue': 'lower',
  },
  contenders: { depot: { settings: TASK_SETTINGS.depot } },
  rounds: 3,
  parts: (stage) => [{ name: 'backlog', measure: (contender) => compare(stage, contender) }],
};

async function compare(stage: Stage, contender: string): Promise<Figures> {
  const { backlog: waiting, bulks } = stage.short ? SHORT : FULL;
  const crew = crewOf(stage, contender);
  const redis = await stage.redis();
  await costs(crew, redis.url, 0, 1);
  const empty = await costs(crew, redis.url, 0, bulks);
  await redis.command('FLUSHALL');
  const full = await costs(crew, redis.url, waiting, bulks);
  await redis.command('FLUSHALL');
  return {
    'add, µs a task, empty queue': empty.add,
    'add, µs a task, backlog': full.add,
    'add, times the empty queue': full.add / empty.add,
    'run, µs a task, empty queue': empty.claim,
    'run, µs a task, backlog': full.claim,
    'run, times the empty queue': full.claim / empty.claim,
  };
}

/** Adds so many bulks to what waits, and runs as many tasks. */
async function costs(crew: TaskCrew, redis: string, waiting: number, bulks: number): Promise<Costs> {
  const [producer, worker] = await Promise.all([crew.producer(), crew.worker()]);
  const target = crew.target(redis);
  const tasks = bulks * BULK;
  await producer.call('openProducer', crew.contender, target);
  await producer.call('fill', 0, waiting);
  const adding = await producer.call('addInBulks', bulks, BULK, waiting);
  await worker.call('openWorker', crew.contender, target, CONCURRENCY, waiting + tasks, tasks);
  while ((await worker.call('handledCount')) < tasks) await pause(POLL_MS);
  await worker.call('closeWorker');
  const left = await producer.call('left');
  await producer.call('closeProducer');
  const { count, times, firstAt, lastAt } = await worker.call('tallied');
  if (left + count !== waiting + tasks || times.some((often) => often > 1)) {
    throw new Error(`of ${waiting + tasks} tasks ${count} were handled, some twice or ${left} left`);
  }
  return { add: Number(adding) / 1_000 / tasks, claim: Number(lastAt - firstAt) / 1_000 / tasks };
}
