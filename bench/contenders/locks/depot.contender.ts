import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DepotModule, LockService } from '../../../lib/index.js';
import { TTL_MS, type LockContender } from './lock.contender.js';

export const contender: LockContender = {
  async open(redis) {
    @Module({ imports: [DepotModule.forRoot({ redis })] })
    class LockModule {}
    const app = await NestFactory.createApplicationContext(LockModule, {
      logger: ['warn', 'error'],
      abortOnError: false,
    });
    const locks = app.get(LockService);
    return {
      acquire: async (key) => {
        const lock = await locks.acquire(key, { ttl: TTL_MS, wait: TTL_MS });
        return {
          release: async () => {
            if (!(await lock.release())) throw new Error('the lock was lost');
          },
        };
      },
      close: () => app.close(),
    };
  },
};
