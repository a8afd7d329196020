import { crewOf, type Drain } from '../contenders/tasks/task.crew.js';
import { TASK_CONTENDERS } from '../contenders/tasks/task.settings.js';
import { perSecond } from '../harness/figures.js';
import type { Part, Stage, Suite } from '../harness/suite.js';

const BULK = 10_000;
/** Starting them is most of what a short run takes. */
const PROCESSES_IN_SHORT = 2;
const ALWAYS = { args: ['--appendonly', 'yes', '--appendfsync', 'always'] };

/** How many times as many tasks, so that a round takes about a second for everyone. */
const PACE: Readonly<Record<string, number>> = { depot: 5, 'bee-queue': 2, ioredis: 12 };

interface Adding {
  readonly tasks: number;
  readonly loops: number;
}

const ADDS: Readonly<Record<string, Adding>> = {
  'add one by one /s': { tasks: 15_000, loops: 1 },
  'add 64 parallel /s': { tasks: 25_000, loops: 64 },
};
const RUNS: Readonly<Record<string, Drain & { readonly always?: boolean }>> = {
  'run concurrency 1 /s': { tasks: 8_000, concurrency: 1 },
  'run concurrency 10 /s': { tasks: 15_000, concurrency: 10 },
  'run concurrency 100 /s': { tasks: 25_000, concurrency: 100 },
  'run concurrency 100, 3 processes /s': { tasks: 25_000, concurrency: 100, processes: 3 },
  'run appendonly always, concurrency 200 /s': { tasks: 25_000, concurrency: 200, always: true },
};
const ADD_BULK = 'addBulk 10,000 /s';

export const tasks: Suite = {
  name: 'tasks',
  about:
    'adding and running tasks that do nothing, one producer and one worker process unless it says otherwise',
  metrics: Object.fromEntries(
    [...Object.keys(ADDS), ADD_BULK, ...Object.keys(RUNS)].map((name) => [name, 'higher']),
  ),
  contenders: TASK_CONTENDERS,
  rounds: 3,
  parts: (stage) => [...adding(stage), addingInBulk(stage), ...running(stage)],
};

function adding(stage: Stage): Part[] {
  return Object.entries(ADDS).map(([metric, { tasks: base, loops }]) => ({
    name: metric,
    measure: async (contender) => {
      const redis = await stage.redis();
      const crew = crewOf(stage, contender);
      const adds = (count: number): Promise<bigint> =>
        crew.produce(crew.target(redis.url), count, (producer) => producer.call('addInLoops', loops, count));
      const count = scaled(stage, loops === 1 ? base : base * paceOf(contender));
      await adds(Math.ceil(count / 2));
      const took = await adds(count);
      await redis.command('FLUSHALL');
      return { [metric]: perSecond(count, took) };
    },
  }));
}

function addingInBulk(stage: Stage): Part {
  return {
    name: ADD_BULK,
    measure: async (contender) => {
      const redis = await stage.redis();
      const crew = crewOf(stage, contender);
      const adds = (bulks: number, size: number): Promise<bigint> =>
        crew.produce(crew.target(redis.url), bulks * size, (producer) =>
          producer.call('addInBulks', bulks, size),
        );
      const bulks = stage.short ? 1 : 4 * paceOf(contender);
      await adds(1, BULK / 2);
      const took = await adds(bulks, BULK);
      await redis.command('FLUSHALL');
      return { [ADD_BULK]: perSecond(bulks * BULK, took) };
    },
  };
}

function running(stage: Stage): Part[] {
  return Object.entries(RUNS).map(([metric, { tasks: base, always = false, ...drain }]) => ({
    name: metric,
    measure: async (contender) => {
      const redis = await stage.redis(always ? ALWAYS : {});
      const crew = crewOf(stage, contender);
      const processes = Math.min(drain.processes ?? 1, stage.short ? PROCESSES_IN_SHORT : Infinity);
      const tasks = scaled(stage, drain.concurrency === 1 ? base : base * paceOf(contender));
      await crew.drain(crew.target(redis.url), { ...drain, processes, tasks: Math.ceil(tasks / 10) });
      const took = await crew.drain(crew.target(redis.url), { ...drain, processes, tasks });
      await redis.command('FLUSHALL');
      return { [metric]: perSecond(tasks, took) };
    },
  }));
}

const paceOf = (contender: string): number => PACE[contender] ?? 1;
const scaled = ({ short }: Stage, count: number): number => (short ? Math.ceil(count / 25) : count);
