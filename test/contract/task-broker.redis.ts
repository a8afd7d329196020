import type { Redis } from 'ioredis';
import { RedisTaskBroker } from '../../lib/engines/redis/redis-task.broker.js';
import { RedisFixture, type RedisProcess } from './redis-fixture.js';
import type { EngineUnderTest, Stored, TestProcess } from './task-broker.engine.js';
import { look } from './task-broker.redis-look.js';

/** Makes a script go all of its way, as for a queue that uses everything, however usual what it finds is. */
const ALL_THE_WAY = 'local forced = true';

export async function openRedis(url?: string, scripts?: 'all the way'): Promise<EngineUnderTest> {
  const fixture = new RedisFixture(url, scripts && ALL_THE_WAY);
  const engine = new RedisEngineUnderTest(fixture, Date.UTC(2030, 0, 1));
  await engine.advance(0);
  return engine;
}

class RedisEngineUnderTest implements EngineUnderTest {
  private processes = 0;

  constructor(
    private readonly fixture: RedisFixture,
    private time: number,
  ) {}

  async process(): Promise<TestProcess> {
    const name = `p${++this.processes}`;
    return new RedisTestProcess(name, this.fixture, await this.fixture.process(name));
  }

  now(): number {
    return this.time;
  }

  async advance(ms: number): Promise<void> {
    this.time += ms;
    const { redis, clockKey, namespace } = this.fixture;
    await write(redis, 'SET', clockKey, this.time);
    // Results that are kept for a while go by Redis' own clock.
    for (const key of await redis.keys(`${namespace}:{*}:result:*`)) {
      await redis.pexpire(key, (await redis.pttl(key)) - ms);
    }
  }

  async look(queue: string): Promise<Stored> {
    return look(this.fixture.redis, this.fixture.keys.queue(queue));
  }

  async dropRecord(queue: string, id: string): Promise<void> {
    await this.fixture.redis.hdel(`${this.fixture.keys.queue(queue)}rec`, id);
  }

  async close(): Promise<void> {
    await this.fixture.close();
  }
}

class RedisTestProcess implements TestProcess {
  readonly broker: RedisTaskBroker;
  private readonly markers = new Map<string, () => void>();
  private marker = 0;

  constructor(
    readonly name: string,
    private readonly fixture: RedisFixture,
    private readonly process: RedisProcess,
  ) {
    process.inbox.on('m', 1, ([marker = '']) => this.markers.get(marker)?.());
    this.broker = new RedisTaskBroker(process.link, process.inbox, fixture.keys, name);
  }

  /** Pushes are delivered in order: once a marker has come through, everything before it has. */
  async delivered(): Promise<void> {
    const marker = String(++this.marker);
    await new Promise<void>((resolve, reject) => {
      this.markers.set(marker, resolve);
      write(this.fixture.redis, 'RPUSH', this.process.inbox.key, `m\n${marker}`).catch(reject);
    });
    this.markers.delete(marker);
  }

  async die(): Promise<void> {
    this.process.inbox.stop();
    this.process.link.close();
  }
}

/** Also when the memory is full: Redis refuses a script only at its first write. */
function write(redis: Redis, ...command: readonly (string | number)[]): Promise<unknown> {
  return redis.eval("redis.call('DEL', '') return redis.call(unpack(ARGV))", 0, ...command);
}
