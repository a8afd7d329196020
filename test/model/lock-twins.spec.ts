import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EmbeddedLockStore } from '../../lib/engines/embedded/embedded-lock.store.js';
import { ALL_PERMITS, type LockAnswer, type LockClaim, type LockStore } from '../../lib/lock/lock.store.js';
import { MARK } from '../contract/lock-store.scene.js';
import { RedisLocksFixture } from '../contract/redis-locks.bench.js';
import { ManualClock } from '../support/manual-clock.js';
import { random } from '../support/random.js';

const OWNERS = 6;
const KEYS = 2;
const STEPS = Number(process.env['DEPOT_MODEL_RUNS'] ?? 30) * 50;
const SEED = Number(process.env['DEPOT_MODEL_SEED'] ?? 23);
const SHARES = [
  { permits: ALL_PERMITS, limit: ALL_PERMITS },
  { permits: 1, limit: ALL_PERMITS },
  { permits: 2, limit: 4 },
];

/** It may say of a lock that several have that it is taken for less than it is. */
const withoutLeft = (answer: LockAnswer): object =>
  answer.granted ? answer : { granted: false, at: answer.at };

describe('locks on Redis', () => {
  const locks = new RedisLocksFixture();
  const clock = new ManualClock();
  const twin = new EmbeddedLockStore(clock);
  let stores: readonly LockStore[];
  const handed = { redis: [] as string[], twin: [] as string[] };

  beforeAll(async () => {
    await locks.start();
    // A process for each owner: one that lets a hand-over lapse takes those who wait in the same process along.
    const processes = await Promise.all(Array.from({ length: OWNERS }, (_, who) => locks.process(`p${who}`)));
    stores = processes.map(({ store }) => store);
    const keep = (list: string[]) => (key: string, owner: string, told: object) => {
      if (owner !== MARK) list.push(JSON.stringify([key, owner, told]));
    };
    twin.onGranted(keep(handed.twin));
    for (const store of stores) store.onGranted(keep(handed.redis));
  });

  afterAll(async () => {
    twin.close();
    await locks.close();
  });

  it('are as those of the embedded engine, whatever happens in whatever order', async () => {
    const { below } = random(SEED);
    const claimOf = (who: number, key: number): LockClaim => {
      const share = SHARES[(who + key) % SHARES.length] ?? { permits: 1, limit: 1 };
      return { key: `k${key}`, owner: `o${who}-${key}`, ttlMs: 500 + who * 900, ...share };
    };
    for (let step = 0; step < STEPS; step++) {
      const who = below(OWNERS);
      const claim = claimOf(who, below(KEYS));
      const action = below(14);
      const number = below(3_000);
      const act = async (store: LockStore): Promise<unknown> => {
        if (action < 2) return withoutLeft(await store.tryAcquire(claim));
        if (action < 6) return withoutLeft(await store.acquire(claim));
        if (action < 7) return store.extend(claim, number + 1);
        if (action < 8) return store.extend(claim, number + 1, clock.now() * 1_000 + number);
        if (action < 11) return (await store.release(claim)).held;
        if (action < 12) return store.inspect(claim.key);
        return store.forceRelease(claim.key);
      };
      if (action === 13) {
        await Promise.all([locks.jump(number), clock.advance(number)]);
      } else {
        const [onRedis, expected] = [await act(stores[who] ?? twin), await act(twin)];
        expect([step, onRedis]).toEqual([step, expected]);
      }
    }
    await locks.heard();

    expect(handed.twin.length).toBeGreaterThan(STEPS / 20);
    // Processes hear of theirs each in their own time.
    expect(handed.redis.toSorted()).toEqual(handed.twin.toSorted());
  }, 600_000);
});
