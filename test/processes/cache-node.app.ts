/** A process that opens applications with a cache when it is asked to, and does with it what it is told. */
import { setTimeout as pause } from 'node:timers/promises';
import { Module, type INestApplicationContext, type OnModuleDestroy } from '@nestjs/common';
import { CacheService, DepotModule } from 'nestjs-depot';
import { host, settings, tell } from '../acceptance/app-host.js';
import { startApplication } from '../acceptance/application.js';
import { monotonic, type Diary } from '../model/cache-history.js';
import { clientBy } from './cache-client.js';
import { Database } from './cache-database.js';
import { DiaryKeeper } from './cache-diary.js';
import {
  callsOf,
  gateOf,
  type Answered,
  type CacheNodeSettings,
  type Calling,
  type Opening,
  type Setting,
  type Wandering,
} from './cache-node.messages.js';
import { Wanderer } from './cache-wanderer.js';

const { who, ports, direct } = settings() as CacheNodeSettings;

interface Opened {
  readonly app: INestApplicationContext;
  readonly cache: CacheService;
  readonly database: Database;
  readonly diary: DiaryKeeper;
}

const open = new Map<string, Opened>();

async function openDepot({ namespace, cache: options }: Opening): Promise<void> {
  @Module({
    imports: [
      DepotModule.forRoot({
        redis: clientBy(ports),
        namespace,
        cache: options,
        workers: 'none',
        // A busy machine is not to look like a Redis that does not answer.
        connection: { cacheTimeout: '200ms' },
      }),
    ],
  })
  class DepotApp {}

  const app = await startApplication(DepotApp);
  const cache = app.get(CacheService);
  const diary = new DiaryKeeper(who);
  cache.on('away', () => diary.away());
  cache.on('back', () => diary.back());
  open.set(namespace, { app, cache, database: new Database(direct, namespace), diary });
}

function opened(namespace: string): Opened {
  const found = open.get(namespace);
  if (!found) throw new Error(`there is no application ${namespace}`);
  return found;
}

async function close(namespace: string): Promise<void> {
  const { app, database, diary } = opened(namespace);
  open.delete(namespace);
  diary[Symbol.dispose]();
  await app.close();
  await database[Symbol.asyncDispose]();
}

@Module({})
class CacheNodeModule implements OnModuleDestroy {
  async onModuleDestroy(): Promise<void> {
    await Promise.all([...open.keys()].map(close));
  }
}

const ACTORS = 7;
/** So long what is under way may take to end, once nothing new is begun. */
const SETTLING_MS = 5_000;

async function wander({ namespace, seed, quietFrom, until }: Wandering): Promise<Diary> {
  const { cache, database, diary } = opened(namespace);
  const wanderers = Array.from(
    { length: ACTORS },
    (_, actor) => new Wanderer(seed * 1_000 + who * 10 + actor, cache, database, diary, namespace),
  );
  const done = Promise.all(wanderers.map((wanderer) => wanderer.go(quietFrom, until)));
  const abort = new AbortController();
  const tooLate = pause(until - monotonic() + SETTLING_MS, undefined, {
    signal: abort.signal,
  }).catch(() => undefined);
  await Promise.race([done.then(() => wanderers[0]?.readAll()), tooLate]);
  abort.abort();
  return diary.finish();
}

/** Calls at once, tells when all wait, and returns what they got. */
async function call({ namespace, key, callers, options, factory }: Calling): Promise<Answered[]> {
  const { cache, database } = opened(namespace);
  const make = async (): Promise<string> => {
    const number = await database.redis.rpush(callsOf(namespace), process.pid);
    // A connection of its own: this one is blocked.
    if (factory.held.includes(number)) {
      const waiting = database.redis.duplicate();
      await waiting.blpop(gateOf(namespace, number), 0);
      waiting.disconnect();
    }
    if (factory.failing.includes(number)) {
      throw Object.assign(new RangeError(`call ${number} was to fail`), { status: 503, details: { number } });
    }
    return `made by call ${number}`;
  };
  const answers = Array.from({ length: callers }, () => answer(cache.getOrSet(key, make, options)));
  // Redis answers in order: the third answer comes after the key was read, and claimed.
  for (let trips = 0; trips < 3; trips++) await cache.has('another');
  tell('calling', namespace);
  return Promise.all(answers);
}

async function answer(calling: Promise<unknown>): Promise<Answered> {
  try {
    return { value: await calling };
  } catch (error) {
    const { name, message } = error as Error;
    return { error: { name, message, own: { ...(error as object) } } };
  }
}

host(CacheNodeModule, () => ({
  open: openDepot,
  leave: close,
  wander,
  call,
  get: ({ namespace, key }: { namespace: string; key: string }) => opened(namespace).cache.get(key),
  set: ({ namespace, key, value, options }: Setting) => opened(namespace).cache.set(key, value, options),
  invalidateTags: ({ namespace, tag }: { namespace: string; tag: string }) =>
    opened(namespace).cache.invalidateTags(tag),
  stats: (namespace: string) => opened(namespace).cache.stats(),
}));
