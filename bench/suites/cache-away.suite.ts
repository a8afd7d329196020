import { setTimeout as pause } from 'node:timers/promises';
import { startRedis, type RedisServer } from '../../test/support/redis-server.js';
import type { Answer } from '../contenders/cache/away.work.js';
import { cacheCrew, startCacheProcess, type CacheProcess } from '../contenders/cache/cache.crew.js';
import { OUTAGES, type Outage } from '../contenders/cache/outages.js';
import { percentile } from '../harness/figures.js';
import type { Contender, Figures, Part, Stage, Suite } from '../harness/suite.js';

interface Patience {
  readonly limitMs: number;
  /** How often it is asked after the first time. */
  readonly later: number;
  /** A cache that does not close in time is left behind. */
  readonly closeMs: number;
}

const FULL: Patience = { limitMs: 8_000, later: 100, closeMs: 2_000 };
const SHORT: Patience = { limitMs: 50, later: 2, closeMs: 50 };
const FACTORY_MS = 5;
const IMPATIENT = 'impatient ';
/** It is so by default. */
const OURS = 'depot';

const CONTENDERS: Readonly<Record<string, Contender>> = {
  depot: { settings: 'a Nest application, all defaults' },
  bentocache: { settings: 'L1, L2 and the Redis bus, as they come; enableAutoPipelining' },
  'impatient bentocache': {
    settings: 'the same with commandTimeout 40, enableOfflineQueue: false, l2CircuitBreakerDuration 1 s',
  },
  cacheable: { settings: 'primary and secondary as they come, sync over PUBLISH' },
  'impatient cacheable': {
    settings: 'the same with nonBlocking, disableOfflineQueue and a timeout of 40 ms for each command',
  },
  'cache-manager': { settings: 'two stores as they come' },
  'impatient cache-manager': {
    settings: 'the same with nonBlocking, disableOfflineQueue and a timeout of 40 ms for each command',
  },
};

const FIGURES = {
  first: 'first answer over the factory, ms',
  p50: 'later answers over the factory, p50 ms',
  max: 'later answers over the factory, max ms',
  answered: 'answered %',
  back: 'shared again after, ms',
} as const;
const metric = (way: string, figure: keyof typeof FIGURES): string => `${way}: ${FIGURES[figure]}`;

export const away: Suite = {
  name: 'away',
  about: `Redis taken away from a cache of two tiers: getOrSet of cold keys; ${FULL.limitMs.toLocaleString('en')} ms stand for no answer in that time, or an error`,
  metrics: Object.fromEntries(
    Object.keys(OUTAGES).flatMap((way) =>
      (Object.keys(FIGURES) as (keyof typeof FIGURES)[]).map(
        (figure) => [metric(way, figure), figure === 'answered' ? 'higher' : 'lower'] as const,
      ),
    ),
  ),
  contenders: CONTENDERS,
  rounds: 3,
  parts: (stage) => {
    let started: Promise<RedisServer> | undefined;
    const server = (): Promise<RedisServer> => (started ??= startRedis().then((redis) => stage.own(redis)));
    return Object.entries(OUTAGES).map(([way, takeAway]): Part => ({
      name: way,
      measure: async (contender) => {
        const redis = await server();
        await using outage = await takeAway(redis);
        return await inProcess(stage, contender, (process) =>
          measure(stage, way, contender, process, redis, outage),
        );
      },
    }));
  },
};

async function measure(
  stage: Stage,
  way: string,
  contender: string,
  process: CacheProcess,
  redis: RedisServer,
  outage: Outage,
): Promise<Figures> {
  const { limitMs, later, closeMs } = stage.short ? SHORT : FULL;
  const shown = (answer: Answer): number => answer ?? limitMs;
  const impatient = contender === OURS || contender.startsWith(IMPATIENT);
  // Whoever was before has used the same keys.
  await redis.command('FLUSHALL');
  await process.call('open', library(contender), { where: 'tiers', impatient }, outage.url);
  try {
    await process.call('settle', FULL.limitMs);
    // While it warmed up it may have taken a slow answer for none.
    if ((await process.call('recovery', redis.url, FULL.limitMs)) === undefined)
      throw new Error(`${contender} shares nothing over a Redis that is well`);
    await outage.begin();
    const answers = await process.call('askAway', { factoryMs: FACTORY_MS, limitMs, later });
    await outage.end();
    const back = await process.call('recovery', redis.url, limitMs);
    const [first, ...others] = answers;
    const rest = others.map(shown);
    return {
      [metric(way, 'first')]: shown(first),
      [metric(way, 'p50')]: percentile(rest, 0.5),
      [metric(way, 'max')]: Math.max(...rest),
      [metric(way, 'answered')]: (answers.filter((one) => one !== undefined).length / answers.length) * 100,
      [metric(way, 'back')]: shown(back),
    };
  } finally {
    await Promise.race([process.call('close').catch(() => undefined), pause(closeMs)]);
  }
}

/** In a process that nobody uses afterwards: it may be spoilt. In a short run it is one that all have, to start none. */
async function inProcess<T>(
  stage: Stage,
  contender: string,
  work: (process: CacheProcess) => Promise<T>,
): Promise<T> {
  if (stage.short) return work(await cacheCrew(stage, library(contender)).process(0));
  await using process = await startCacheProcess();
  return await work(process);
}

const library = (contender: string): string => contender.replace(IMPATIENT, '');
