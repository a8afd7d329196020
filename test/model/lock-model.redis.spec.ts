import { writer } from '../contract/lock-store.scene.js';
import { RedisLocksFixture } from '../contract/redis-locks.bench.js';
import { describeLockModel } from './lock-model.describe.js';
import { PROCESSES } from './lock-model.plan.js';

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
      close: () => locks.close(),
    };
  },
  150,
);
