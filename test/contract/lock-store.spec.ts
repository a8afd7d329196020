import { EmbeddedLockStore } from '../../lib/engines/embedded/embedded-lock.store.js';
import { RedisLockStore } from '../../lib/engines/redis/redis-lock.store.js';
import { ManualClock } from '../support/manual-clock.js';
import { describeLockStore } from './lock-store.contract.js';
import { RedisFixture } from './redis-fixture.js';

describeLockStore('embedded', async () => {
  const clock = new ManualClock();
  const store = new EmbeddedLockStore(clock);
  return {
    store,
    other: store,
    advance: (ms) => clock.advance(ms),
    jump: async (ms) => clock.jump(ms),
    forget: async () => store.close(),
    close: async () => store.close(),
  };
});

describeLockStore('Redis', async () => {
  const fixture = new RedisFixture();
  await fixture.setClock(Date.UTC(2030, 0, 1));
  const open = async (name: string): Promise<RedisLockStore> => {
    const { link, inbox } = await fixture.process(name);
    return new RedisLockStore(link, inbox, fixture.keys);
  };
  return {
    store: await open('one'),
    other: await open('two'),
    advance: (ms) => fixture.advance(ms),
    jump: (ms) => fixture.jump(ms),
    forget: () => fixture.forget(),
    close: () => fixture.close(),
  };
});
