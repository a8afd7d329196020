import { Redis } from 'ioredis';
import { crewOf } from '../contenders/tasks/task.crew.js';
import { TASK_CONTENDERS } from '../contenders/tasks/task.settings.js';
import { BenchProcess } from '../harness/bench-process.js';
import { median, perSecond } from '../harness/figures.js';
import type { Figures, Stage, Suite } from '../harness/suite.js';

type Proxy = BenchProcess<typeof import('../harness/distance.role.js')>;

const ROLE = new URL('../harness/distance.role.ts', import.meta.url);
const EACH_WAY_MS = 1.25;
const ROUND_TRIP_MS = { least: 2.5, most: 2.8 };
const PINGS = 100;
const TRIES = 10;
const LOOPS = 64;
const CONCURRENCY = 200;
/** How many times as many tasks, so that a round takes about a second for everyone. */
const PACE: Readonly<Record<string, number>> = { depot: 6, ioredis: 6 };

const RUN = 'run concurrency 200 /s';
const ADD = 'add 64 parallel /s';
const PING = 'round trip ms';

export const distance: Suite = {
  name: 'distance',
  about: `through a delay of ${EACH_WAY_MS * 2} ms for each round trip, one producer and one worker process`,
  metrics: { [RUN]: 'higher', [ADD]: 'higher', [PING]: 'neither' },
  contenders: TASK_CONTENDERS,
  rounds: 3,
  parts: (stage) => {
    let started: Promise<string> | undefined;
    const far = (): Promise<string> => (started ??= farAway(stage));
    return [
      { name: PING, measure: async () => roundTrip(await far(), stage) },
      { name: RUN, measure: async (contender) => run(await far(), stage, contender) },
      { name: ADD, measure: async (contender) => add(await far(), stage, contender) },
    ];
  },
};

async function farAway(stage: Stage): Promise<string> {
  const { port } = await stage.redis();
  const proxy: Proxy = stage.own(await BenchProcess.start(ROLE));
  return `redis://127.0.0.1:${await proxy.call('open', port, EACH_WAY_MS)}`;
}

/** A busy machine gets a few tries; on one that never has the time, the suite says nothing. */
async function roundTrip(url: string, stage: Stage): Promise<Figures> {
  const redis = new Redis(url);
  let ms = NaN;
  for (let attempt = 0; attempt < TRIES && !(ms <= ROUND_TRIP_MS.most); attempt++) ms = await ping(redis);
  redis.disconnect();
  if (ms < ROUND_TRIP_MS.least || (!stage.short && ms > ROUND_TRIP_MS.most)) {
    throw new Error(`a round trip takes ${ms.toFixed(2)} ms; expected 2.5 to 2.8: is the machine busy?`);
  }
  return { [PING]: ms };
}

async function ping(redis: Redis): Promise<number> {
  const tookMs: number[] = [];
  for (let at = 0; at < PINGS; at++) {
    const begun = performance.now();
    await redis.ping();
    tookMs.push(performance.now() - begun);
  }
  return median(tookMs);
}

async function run(url: string, stage: Stage, contender: string): Promise<Figures> {
  const crew = crewOf(stage, contender);
  const tasks = stage.short ? 500 : 8_000 * (PACE[contender] ?? 1);
  await crew.drain(crew.target(url), { tasks: Math.ceil(tasks / 10), concurrency: CONCURRENCY });
  const took = await crew.drain(crew.target(url), { tasks, concurrency: CONCURRENCY });
  await (await stage.redis()).command('FLUSHALL');
  return { [RUN]: perSecond(tasks, took) };
}

async function add(url: string, stage: Stage, contender: string): Promise<Figures> {
  const crew = crewOf(stage, contender);
  const count = stage.short ? 500 : 15_000;
  const adds = (tasks: number): Promise<bigint> =>
    crew.produce(crew.target(url), tasks, (producer) => producer.call('addInLoops', LOOPS, tasks));
  await adds(Math.ceil(count / 10));
  const took = await adds(count);
  await (await stage.redis()).command('FLUSHALL');
  return { [ADD]: perSecond(count, took) };
}
