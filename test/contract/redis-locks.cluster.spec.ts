import { afterAll, beforeAll } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { describeLockStore } from './lock-store.contract.js';
import { openRedisLocks, RedisLocksFixture } from './redis-locks.bench.js';

/** One node that has all slots: it refuses commands whose keys lie in several, as any cluster does. */
let server: RedisServer;

beforeAll(async () => {
  server = await startRedis({ args: ['--cluster-enabled', 'yes'] });
  await server.command('CLUSTER ADDSLOTSRANGE 0 16383');
  await eventually(async () => {
    if (!(await server.command('CLUSTER INFO')).includes('cluster_state:ok')) throw new Error('not ready');
  });
});

afterAll(() => server.stop());

describeLockStore('Redis as a cluster', () => openRedisLocks(new RedisLocksFixture(server.url)));
