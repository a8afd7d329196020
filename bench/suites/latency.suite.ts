import { crewOf } from '../contenders/tasks/task.crew.js';
import { TASK_PEERS } from '../contenders/tasks/task.settings.js';
import { elapsed } from '../contenders/tasks/tally.js';
import { percentile } from '../harness/figures.js';
import type { Figures, Stage, Suite } from '../harness/suite.js';

const TASKS = 400;
const WARM_UP = 100;
const CONCURRENCY = 10;

export const latency: Suite = {
  name: 'latency',
  about:
    'from the call of add in one process to the start of the handler in another, on an idle queue, one task at a time',
  metrics: { 'pick-up p50 ms': 'lower', 'pick-up p99 ms': 'lower' },
  contenders: {
    ...TASK_PEERS,
    ioredis: { settings: 'the floor: RPUSH of the payload, BLPOP in the other process', floor: true },
  },
  rounds: 3,
  parts: (stage) => [{ name: 'pick-up', measure: (contender) => pickUps(stage, contender) }],
};

async function pickUps(stage: Stage, contender: string): Promise<Figures> {
  const redis = await stage.redis();
  const crew = crewOf(stage, contender);
  const [producer, worker] = await Promise.all([crew.producer(), crew.worker()]);
  const target = crew.target(redis.url);
  const tasks = stage.short ? 20 : WARM_UP + TASKS;
  const warmUp = stage.short ? 5 : WARM_UP;
  worker.on('handled', (number) => void producer.call('wasHandled', number as number));
  await worker.call('openTimedWorker', contender, target, CONCURRENCY, tasks);
  await producer.call('openProducer', contender, target);
  const calledAt = await producer.call('addWhenHandled', tasks, tasks);
  const left = await producer.call('leftInTheEnd');
  if (left > 0) throw new Error(`${contender} handled all tasks, and ${left} are left`);
  await worker.call('closeWorker');
  await producer.call('closeProducer');
  await redis.command('FLUSHALL');
  elapsed([await worker.call('tallied')], tasks);
  const startedAt = await worker.call('starts');
  const ms = Array.from(calledAt, (at, number) => Number((startedAt[number] ?? 0n) - at) / 1e6).slice(warmUp);
  return { 'pick-up p50 ms': percentile(ms, 0.5), 'pick-up p99 ms': percentile(ms, 0.99) };
}
