import { EmbeddedLockStore } from '../../lib/engines/embedded/embedded-lock.store.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { describeLockModel } from './lock-model.describe.js';

describeLockModel(
  'embedded',
  async () => {
    const clock = new ManualClock();
    const store = new EmbeddedLockStore(clock);
    return {
      processes: [store],
      dropsProcesses: false,
      isExact: true,
      now: () => clock.now(),
      move: async (ms) => (ms < 0 ? clock.jump(ms) : clock.advance(ms)),
      heard: settled,
      close: async () => store.close(),
    };
  },
  100,
);
