import { expect } from '@jest/globals';
import { writer } from '../contract/lock-store.scene.js';
import { RedisLocksFixture } from '../contract/redis-locks.bench.js';
import type { RedisFixture } from '../contract/redis-fixture.js';
import { describeLockModel } from './lock-model.describe.js';
import { PROCESSES } from './lock-model.plan.js';

/** What is counted is what is there, and nothing is left of who has gone. */
async function audit({ redis, keys }: RedisFixture, key: string): Promise<void> {
  const { state, waiting } = keys.lock(key);
  const [fields, waiters] = await Promise.all([redis.hgetall(state), redis.zcard(waiting)]);
  const { token, out, first, line, ...members } = fields;
  const holders = Object.values(members).map((text) => text.split(' ').map(Number));
  const sum = (all: number, [, , permits = 0]: number[]): number => all + permits;
  const permits = holders.reduce(sum, 0);
  expect(out).toBe(permits === 0 ? undefined : String(permits));
  expect(line !== undefined).toBe(waiters > 0);
  const soonest = Math.min(...holders.map(([deadline = 0]) => deadline));
  if (permits > 0) expect(Number(first)).toBeLessThanOrEqual(soonest);
  else expect(first).toBeUndefined();
  for (const [, , , its = 0] of holders) expect(its).toBeLessThanOrEqual(Number(token));
}

describeLockModel(
  'redis',
  async () => {
    const locks = new RedisLocksFixture();
    await locks.start();
    const processes = await Promise.all(
      Array.from({ length: PROCESSES }, (_, n) => locks.process(`process${n}`)),
    );
    // Each hears what it is told once it had to wait; from then on only the histories say whether it does.
    for (const [n, { store }] of processes.entries()) {
      const key = `first${n}`;
      await store.tryAcquire(writer('other', { key }));
      await store.acquire(writer('own', { key }));
    }
    return {
      processes: processes.map(({ store }) => store),
      dropsProcesses: true,
      isExact: false,
      now: () => locks.now(),
      move: (ms) => locks.jump(ms),
      heard: () => locks.heard(),
      hears: async (at, hears) => {
        const process = processes[at];
        if (hears) await process?.ear.redis.subscribe(process.channel);
        else await process?.ear.redis.unsubscribe(process.channel);
      },
      evict: async (key) => void (await locks.fixture.redis.del(locks.fixture.keys.lock(key).state)),
      audit: (key) => audit(locks.fixture, key),
      close: () => locks.close(),
    };
  },
  30,
);
