import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CacheService, DepotModule, type CacheOptions, type ConnectionOptions } from '../../../lib/index.js';
import { TTL_MS, type CacheContender, type Item } from './cache.contender.js';

export const contender: CacheContender = async ({ where, values, impatient = false }, url) => {
  const options: CacheOptions = {
    ttl: TTL_MS,
    values: values === 'one object' ? 'frozen' : 'copied',
    ...(where === 'redis' && { memory: false }),
  };

  // A Redis that others' processes hold up for longer than the default is not what is measured.
  const connection: ConnectionOptions = impatient ? {} : { cacheTimeout: '2s' };

  @Module({
    imports: [
      DepotModule.forRoot({ redis: where === 'memory' ? undefined : url, cache: options, connection }),
    ],
  })
  class CacheModule {}

  const app = await NestFactory.createApplicationContext(CacheModule, {
    // Of a Redis that is away on purpose there is a warning.
    logger: ['error'],
    abortOnError: false,
  });
  const cache = app.get(CacheService);
  return {
    get: (key) => cache.get(key),
    peek: (key) => cache.peek<Item>(key),
    set: (key, item) => cache.set(key, item),
    delete: (key) => cache.delete(key),
    getOrSet: (key, factory) => cache.getOrSet(key, factory),
    getOrSetMany: (keys, factory) => cache.getOrSetMany(keys, factory),
    close: () => app.close(),
  };
};
