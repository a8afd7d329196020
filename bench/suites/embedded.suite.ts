import { BenchProcess } from '../harness/bench-process.js';
import { perSecond } from '../harness/figures.js';
import type { Part, Stage, Suite } from '../harness/suite.js';

type Role = typeof import('../contenders/embedded/embedded.role.js');
type Embedded = BenchProcess<Role>;

const ROLE = new URL('../contenders/embedded/embedded.role.ts', import.meta.url);
const BULK = 10_000;

interface Measure {
  /** So many tasks. */
  readonly count: number;
  readonly ns: (process: Embedded, count: number) => Promise<bigint>;
}

const RATES: Readonly<Record<string, Measure>> = {
  'add 64 parallel /s': { count: 200_000, ns: (process, count) => process.call('addInLoops', 64, count) },
  'addBulk 10,000 /s': {
    count: 40 * BULK,
    ns: (process, count) => process.call('addInBulks', Math.ceil(count / BULK), Math.min(count, BULK)),
  },
  'run concurrency 1 /s': { count: 100_000, ns: (process, count) => process.call('drain', 1, count) },
  'run concurrency 10 /s': { count: 200_000, ns: (process, count) => process.call('drain', 10, count) },
  'run concurrency 100 /s': { count: 400_000, ns: (process, count) => process.call('drain', 100, count) },
  'add and run, concurrency 100 /s': {
    count: 200_000,
    ns: (process, count) => process.call('addAndRun', 100, count),
  },
};
const OVERHEAD = 'Nest overhead of a handler, µs a task';
const CALLS = 1_000_000;

export const embedded: Suite = {
  name: 'embedded',
  about: 'the embedded engine: everything in one process; there are no peers',
  metrics: {
    ...Object.fromEntries(Object.keys(RATES).map((name) => [name, 'higher'] as const)),
    [OVERHEAD]: 'lower',
  },
  contenders: {
    depot: {
      settings:
        'a Nest application, DepotModule.forRoot({}), all defaults but the concurrency; overhead: the bound handler above a method called as it is, a million awaited calls each',
    },
  },
  rounds: 3,
  parts: (stage) => {
    let started: Promise<Embedded> | undefined;
    const embedded = (): Promise<Embedded> => (started ??= start(stage));
    return [
      ...Object.entries(RATES).map(([name, rate]) => rating(stage, embedded, name, rate)),
      overhead(stage, embedded),
    ];
  },
};

async function start(stage: Stage): Promise<Embedded> {
  const process = stage.own(await BenchProcess.start<Role>(ROLE));
  stage.watch('process', process);
  return process;
}

function rating(stage: Stage, embedded: () => Promise<Embedded>, name: string, { count, ns }: Measure): Part {
  return {
    name,
    measure: async () => {
      const process = await embedded();
      const tasks = stage.short ? count / 50 : count;
      await ns(process, tasks / 5);
      return { [name]: perSecond(tasks, await ns(process, tasks)) };
    },
  };
}

function overhead(stage: Stage, embedded: () => Promise<Embedded>): Part {
  return {
    name: OVERHEAD,
    measure: async () => {
      const process = await embedded();
      return {
        [OVERHEAD]: (await process.call('handlerOverhead', stage.short ? CALLS / 50 : CALLS)) / 1_000,
      };
    },
  };
}
