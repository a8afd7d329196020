import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DepotModule, LockService } from '../../../lib/index.js';
import { TTL_MS, type LockContender } from './lock.contender.js';

@Module({})
class LockModule {}

export const depot: LockContender = {
  name: 'depot',
  settings: 'as it comes: renewal, fencing tokens, waiters in order and woken',
  open: async (redis) => {
    const imports = [DepotModule.forRoot({ redis, namespace: 'bench' })];
    const app = await NestFactory.createApplicationContext(
      { module: LockModule, imports },
      { logger: ['error', 'warn'] },
    );
    const locks = app.get(LockService);
    return {
      acquire: (key) => locks.acquire(key, { ttl: TTL_MS, wait: TTL_MS }),
      close: () => app.close(),
    };
  },
};
