import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CacheService, DepotModule } from '../../../lib/index.js';
import { TTL_MS, type Cache, type CacheContender } from './cache.contender.js';

@Module({})
class CacheModule {}

export const depot: CacheContender = {
  name: 'depot',
  settings:
    'as it comes; in process the embedded engine, which gives every caller a copy; no tier before Redis yet',
  tiers: { memory: () => open(), redis: (url) => open(url) },
};

async function open(redis?: string): Promise<Cache> {
  const imports = [DepotModule.forRoot({ redis, namespace: 'bench' })];
  const app = await NestFactory.createApplicationContext(
    { module: CacheModule, imports },
    { logger: ['error', 'warn'] },
  );
  const cache = app.get(CacheService);
  const options = { ttl: TTL_MS };
  return {
    get: (key) => cache.get(key),
    set: (key, item) => cache.set(key, item, options),
    getOrSet: (key, factory) => cache.getOrSet(key, factory, options),
    close: () => app.close(),
  };
}
