import { RedisLockStore } from '../../lib/engines/redis/lock/redis-lock.store.js';
import { RedisLink } from '../../lib/engines/redis/redis-link.js';
import { Deferred } from '../support/deferred.js';
import { sharedRedisUrl } from '../support/shared-redis.js';
import { MARK, type LockBench } from './lock-store.scene.js';
import { RedisFixture } from './redis-fixture.js';

/** The locks of one process. */
export interface LockProcess {
  readonly store: RedisLockStore;
  /** On which it is told what it was handed. */
  readonly ear: RedisLink;
  readonly channel: string;
}

/** Processes with locks on one Redis, whose time stands still. */
export class RedisLocksFixture {
  readonly fixture: RedisFixture;
  private readonly processes: LockProcess[] = [];
  private readonly marks = new Map<string, Deferred<void>>();
  private marked = 0;
  private time = Date.UTC(2030, 0, 1);

  constructor(url = sharedRedisUrl()) {
    this.fixture = new RedisFixture(url);
  }

  now(): number {
    return this.time;
  }

  async start(): Promise<void> {
    await this.fixture.setClock(this.time);
  }

  /** @param earUrl where it hears, if not straight from the server */
  async process(name: string, earUrl?: string): Promise<LockProcess> {
    const { keys } = this.fixture;
    const { link } = await this.fixture.process(name);
    const ear = new RedisLink({
      connect: (overrides) =>
        this.fixture.connect({ ...overrides, protocol: 2, autoResubscribe: false }, earUrl),
      // Where the way may be broken, that is what is tested.
      connectTimeoutMs: earUrl === undefined ? 5_000 : 500,
      commandTimeoutMs: 0,
      waitMs: 0,
    });
    const store = new RedisLockStore(link, ear, keys, name);
    store.onGranted((key, owner) => {
      if (owner === MARK) this.marks.get(key)?.resolve();
    });
    const process = { store, ear, channel: keys.lockChannel(name) };
    this.processes.push(process);
    return process;
  }

  async advance(ms: number): Promise<void> {
    this.time += ms;
    await this.fixture.advance(ms);
  }

  /** The clock is set: keys don't expire any sooner. */
  async jump(ms: number): Promise<void> {
    this.time += ms;
    await this.fixture.jump(ms);
  }

  /** A channel keeps the order of what is said on it: who has heard this has heard everything before. */
  async heard(): Promise<void> {
    await Promise.all(
      this.processes.map(async ({ channel }, at) => {
        const mark = `${at}:${++this.marked}`;
        const reached = new Deferred<void>();
        this.marks.set(mark, reached);
        if ((await this.fixture.redis.publish(channel, `${MARK} 0 0 ${mark}`)) > 0) await reached.promise;
        this.marks.delete(mark);
      }),
    );
  }

  bench({ store }: LockProcess, { store: other }: LockProcess): LockBench {
    return {
      store,
      other,
      isShared: true,
      now: () => this.now(),
      advance: (ms) => this.advance(ms),
      jump: (ms) => this.jump(ms),
      forget: () => this.fixture.forget(),
      heard: () => this.heard(),
      close: () => this.close(),
    };
  }

  async close(): Promise<void> {
    for (const { store } of this.processes) store.close();
    await this.fixture.close();
  }
}

/** Two processes with the same locks. */
export async function openRedisLocks(locks = new RedisLocksFixture()): Promise<LockBench> {
  await locks.start();
  const [one, two] = await Promise.all([locks.process('one'), locks.process('two')]);
  return locks.bench(one, two);
}
