import { depot } from './depot.locks.js';
import { ioredis } from './floor.locks.js';
import type { LockContender } from './lock.contender.js';
import { redisSemaphore } from './redis-semaphore.locks.js';
import { redlockUniversal } from './redlock-universal.locks.js';

export const LOCKS: readonly LockContender[] = [depot, redisSemaphore, redlockUniversal, ioredis];
