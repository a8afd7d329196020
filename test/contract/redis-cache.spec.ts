import { describeCacheStore } from './cache-store.contract.js';
import { MEMORY, openRedis } from './redis-cache.bench.js';

describeCacheStore('redis', () => openRedis(undefined));
describeCacheStore('redis with memory', () => openRedis(MEMORY));
