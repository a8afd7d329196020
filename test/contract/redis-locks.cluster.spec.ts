import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { LockScene, reader, TTL, writer } from './lock-store.scene.js';
import { openRedisLocks, RedisLocksFixture } from './redis-locks.bench.js';

/** One node that has all slots: it refuses commands whose keys lie in several, as any cluster does. */
describe('locks on Redis as a cluster', () => {
  let server: RedisServer;
  let scene: LockScene;

  beforeAll(async () => {
    server = await startRedis({ args: ['--cluster-enabled', 'yes'] });
    await server.command('CLUSTER ADDSLOTSRANGE 0 16383');
    await eventually(async () => {
      if (!(await server.command('CLUSTER INFO')).includes('cluster_state:ok')) throw new Error('not ready');
    });
  });
  beforeEach(async () => {
    scene = new LockScene(await openRedisLocks(new RedisLocksFixture(server.url)));
  });
  afterEach(() => scene.bench.close());
  afterAll(() => server.stop());

  it('are granted, extended, waited for and handed over by every script', async () => {
    const { store, take, wait, held, told, takenFor } = scene;
    for (const key of ['k', '{', '{a}b', 'a b']) {
      await take(writer('ann', { key }));
      await wait(reader('bob', { key }));
      expect(await store.extend(writer('ann', { key }), TTL)).toBe(true);
      expect(await store.look(key)).toBe(false);
      await held(writer('ann', { key }));
      await takenFor(3_000, key);
      expect((await store.inspect(key)).holders.map(({ owner }) => owner)).toEqual(['bob']);
      expect(await store.forceRelease(key)).toBe(1);
    }

    expect(await told()).toEqual(['k:bob', '{:bob', '{a}b:bob', 'a b:bob']);
  });
});
