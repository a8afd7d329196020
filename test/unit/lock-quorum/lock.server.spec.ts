import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EmbeddedLockStore } from '../../../lib/engines/embedded/embedded-lock.store.js';
import { LockServer } from '../../../lib/lock/quorum/lock.server.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { FragileLockStore } from '../lock/fragile-lock.store.js';
import { claimOf } from '../lock/lock.scene.js';
import { TIMEOUT_MS, TTL } from './quorum.scene.js';

const ann = claimOf('ann');

describe('a server of a quorum', () => {
  let clock: ManualClock;
  let engine: EmbeddedLockStore;
  let store: FragileLockStore;
  let server: LockServer;
  let failures: number;

  beforeEach(() => {
    clock = new ManualClock();
    engine = new EmbeddedLockStore(clock);
    store = new FragileLockStore(engine);
    failures = 0;
    server = new LockServer('server', store, TIMEOUT_MS, clock, () => failures++);
  });
  afterEach(() => {
    server.close();
    engine.close();
    expect(clock.pending).toBe(0);
  });

  const owners = async (): Promise<readonly string[]> =>
    (await engine.inspect('k')).holders.map(({ owner }) => owner);

  /** The next call is slow, and those after it are not. */
  const slowOnce = async (call: () => Promise<unknown>): Promise<() => void> => {
    const arrive = store.slow('requests');
    call().catch(() => undefined);
    await settled();
    store.slow('requests')();
    return arrive;
  };

  test('is told in order what concerns one owner, whoever still waits for the answers', async () => {
    const arrive = await slowOnce(() => server.tryAcquire(ann));
    const released = server.release(ann);
    await settled();
    arrive();

    expect(await released).toMatchObject({ held: true });
    expect(await owners()).toEqual([]);
  });

  test('answers others meanwhile', async () => {
    const arrive = await slowOnce(() => server.tryAcquire(claimOf('bob', { key: 'j' })));

    expect(await server.tryAcquire(ann)).toMatchObject({ granted: true });
    arrive();
    await settled();
  });

  test('has failed when it does not answer in time, and says so', async () => {
    const arrive = store.slow('answers');
    const tried = server.tryAcquire(ann);
    const refused = expect(tried).rejects.toThrow('No answer from server within 200 ms');
    await clock.advance(TIMEOUT_MS);
    await refused;

    expect(failures).toBe(1);
    arrive();
    await settled();
    expect(failures).toBe(1);
  });

  test('does not give back what its owner has acquired again since', async () => {
    await server.tryAcquire(ann);
    store.away = 'before';
    await expect(server.release(ann)).rejects.toThrow("Can't reach");
    store.away = 'no';
    // The turn of what is overdue comes while this is on its way.
    const arrive = await slowOnce(() => server.extend(ann, TTL));
    const again = server.tryAcquire(ann).catch(() => undefined);
    await clock.advance(1_500);
    arrive();
    await again;
    await settled();

    expect(await owners()).toEqual(['ann']);
  });
});
