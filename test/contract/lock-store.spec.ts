import { EmbeddedLockStore } from '../../lib/engines/embedded/embedded-lock.store.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { describeLockStore } from './lock-store.contract.js';
import { openRedisLocks } from './redis-locks.bench.js';

describeLockStore('embedded', async () => {
  const clock = new ManualClock();
  const store = new EmbeddedLockStore(clock);
  return {
    store,
    other: store,
    isShared: false,
    now: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    jump: async (ms) => clock.jump(ms),
    forget: async () => store.close(),
    heard: settled,
    close: async () => store.close(),
  };
});

describeLockStore('Redis', () => openRedisLocks());
