import { describe, expect, it } from '@jest/globals';
import { CacheService, DepotModule } from 'nestjs-depot';
import { startApplication } from '../acceptance/application.js';
import { Database } from '../processes/cache-database.js';
import { DiaryKeeper } from '../processes/cache-diary.js';
import { Wanderer } from '../processes/cache-wanderer.js';
import { uniqueNamespace } from '../support/namespace.js';
import { sharedRedisUrl } from '../support/shared-redis.js';
import { monotonic, together } from './cache-history.js';
import { judge } from './cache-promise.js';
import { tell } from './cache-report.js';

const LENGTH_MS = 1_000;
const ACTORS = 12;
const SEED = 3;

describe('a cache in the memory of one process', () => {
  it('never serves what was overwritten', async () => {
    const app = await startApplication(DepotModule.forRoot({ workers: 'none' }));
    await using database = new Database(sharedRedisUrl(), uniqueNamespace('wander'));
    using diary = new DiaryKeeper(0);
    const until = monotonic() + LENGTH_MS;
    await Promise.all(
      Array.from({ length: ACTORS }, (_, actor) =>
        new Wanderer(SEED * 1_000 + actor, app.get(CacheService), database, diary).go(until, until),
      ),
    );
    await app.close();

    // It knows at once, however late its timers are.
    const seen = { ...together([diary.finish()], []), disturbances: [] };
    const { broken, values } = judge(seen);
    expect(seen.mishaps).toEqual([]);
    expect(tell(broken, seen, SEED)).toBe('');
    expect(values).toBeGreaterThan(300);
  });
});
