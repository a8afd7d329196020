import type { Redis } from 'ioredis';
import { RedisTaskBroker } from '../../lib/engines/redis/redis-task.broker.js';
import { RedisFixture, type RedisProcess } from './redis-fixture.js';
import {
  PLACES,
  type EngineUnderTest,
  type Place,
  type Stored,
  type TestProcess,
} from './task-broker.engine.js';

const SIDE_RECORDS = ['out', 'tries', 'crashes', 'waiters', 'progress', 'log'];

export async function openRedis(url?: string): Promise<EngineUnderTest> {
  const fixture = new RedisFixture(url);
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
    await write(this.fixture.redis, 'SET', this.fixture.clockKey, this.time);
  }

  async look(queue: string): Promise<Stored> {
    const prefix = this.fixture.keys.queue(queue);
    const pipeline = this.fixture.redis.pipeline();
    for (const place of PLACES) {
      if (place === 'waiting' || place === 'suspects') pipeline.lrange(prefix + place, 0, -1);
      else pipeline.zrange(prefix + place, '0', '-1');
    }
    for (const hash of ['rec', ...SIDE_RECORDS]) pipeline.hkeys(prefix + hash);
    for (const set of ['active', 'consumers', 'idle']) pipeline.zrange(prefix + set, '0', '-1', 'WITHSCORES');
    pipeline.hgetall(`${prefix}suspect`);
    const replies = ((await pipeline.exec()) ?? []).map(([error, reply]) => {
      if (error) throw error;
      return reply;
    });
    const take = (count: number): string[][] => replies.splice(0, count) as string[][];
    const places = take(PLACES.length);
    const [records = []] = take(1);
    const sideRecords = take(SIDE_RECORDS.length).flat();
    const [active, consumers, idle] = take(3).map((flat) => new Map(pairs(flat)));
    return {
      records,
      places: Object.fromEntries(PLACES.map((place, at) => [place, places[at] ?? []])) as Record<
        Place,
        string[]
      >,
      holders: active ?? new Map(),
      consumers: new Map([...(consumers ?? [])].map(([name, deadline]) => [name, Number(deadline)])),
      idle: new Map([...(idle ?? [])].map(([name, free]) => [name, Number(free)])),
      sideRecords: [...new Set(sideRecords)],
      suspected: new Map(Object.entries(replies[0] as Record<string, string>)),
    };
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

function* pairs(flat: readonly string[]): Generator<[string, string]> {
  for (let at = 0; at + 1 < flat.length; at += 2) yield [flat[at] ?? '', flat[at + 1] ?? ''];
}
