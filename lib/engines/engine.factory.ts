import { randomBytes } from 'node:crypto';
import type { CacheEngine } from '../cache/cache.store.js';
import type { Clock } from '../common/clock.js';
import type { DepotLogger } from '../common/logger.js';
import { EmbeddedCacheEngine } from './embedded/embedded-cache.engine.js';
import { EmbeddedEngine } from './embedded/embedded-engine.js';
import type { Engine } from './engine.js';
import type { RedisQuorumSettings } from './redis/lock/redis-quorum.js';
import type { RedisEngineSettings } from './redis/redis-engine.js';

export type EngineSettings = Omit<RedisEngineSettings, 'redis'> & {
  readonly redis: RedisEngineSettings['redis'] | undefined;
  /** Where locks live, if not on the engine. */
  readonly lockQuorum?: RedisQuorumSettings | undefined;
};

/** The engine that the settings ask for, not yet open. Without Redis, nothing of Redis is loaded. */
export async function createEngine(settings: EngineSettings, logger: DepotLogger): Promise<Engine> {
  const { lockQuorum } = settings;
  const engine = await ownEngine(settings, logger);
  if (!lockQuorum) return engine;
  const [{ RedisQuorum }, { QuorumEngine }] = await Promise.all([
    import('./redis/lock/redis-quorum.js'),
    import('./redis/lock/quorum.engine.js'),
  ]);
  return new QuorumEngine(engine, new RedisQuorum(lockQuorum, { ...settings, clock: engine.clock, logger }));
}

async function ownEngine(settings: EngineSettings, logger: DepotLogger): Promise<Engine> {
  const { redis } = settings;
  if (redis === undefined) return new EmbeddedEngine(logger);
  const { RedisEngine } = await import('./redis/redis-engine.js');
  return new RedisEngine({ ...settings, redis }, randomBytes(6).toString('base64url'), logger);
}

/** Caches of this process alone, whatever the engine. */
export const createMemoryCaches = (clock: Clock): CacheEngine & { close(): void } =>
  new EmbeddedCacheEngine(clock);

export type EngineFactory = typeof createEngine;

/** What makes an application's engine: a provider, so that the test kit can put another one in its place. */
export const ENGINE_FACTORY = Symbol.for('nestjs-depot:engine-factory');
