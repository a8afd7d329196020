import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CacheService, DepotModule } from '../../../lib/index.js';
import { TTL_MS, type Cache, type CacheContender } from './cache.contender.js';

export const contender: CacheContender = { copies: () => open(), redis: (url) => open(url) };

async function open(redis?: string): Promise<Cache> {
  @Module({ imports: [DepotModule.forRoot({ redis })] })
  class CacheModule {}
  const app = await NestFactory.createApplicationContext(CacheModule, {
    logger: ['warn', 'error'],
    abortOnError: false,
  });
  const cache = app.get(CacheService);
  const options = { ttl: TTL_MS };
  return {
    get: (key) => cache.get(key),
    set: (key, item) => cache.set(key, item, options),
    getOrSet: (key, factory) => cache.getOrSet(key, factory, options),
    close: () => app.close(),
  };
}
