import { Redis } from 'ioredis';
import { RedisInbox } from '../../lib/engines/redis/redis-inbox.js';
import { RedisKeys } from '../../lib/engines/redis/redis-keys.js';
import { RedisLink } from '../../lib/engines/redis/redis-link.js';
import { RedisTaskBroker } from '../../lib/engines/redis/redis-task.broker.js';
import { silentLogger } from '../../lib/common/logger.js';
import { uniqueNamespace } from '../support/namespace.js';
import { sharedRedisUrl } from '../support/shared-redis.js';
import { PLACES, type EngineUnderTest, type Place, type Stored, type TestProcess } from './task-broker.engine.js';

/** Time stands in a key, so that it stands still until a test moves it. */
const CLOCK = `local now = tonumber(redis.call('GET', string.match(KEYS[1], '^(.-):{') .. ':clock'))`;

const SIDE_RECORDS = ['out', 'tries', 'crashes', 'waiters', 'progress', 'log'];

export async function openRedis(): Promise<EngineUnderTest> {
  const namespace = uniqueNamespace('broker');
  const engine = new RedisEngineUnderTest(new Redis(sharedRedisUrl()), namespace);
  await engine.advance(0);
  return engine;
}

class RedisEngineUnderTest implements EngineUnderTest {
  private readonly keys: RedisKeys;
  private readonly processes: TestProcess[] = [];
  private time = Date.UTC(2030, 0, 1);

  constructor(
    private readonly redis: Redis,
    private readonly namespace: string,
  ) {
    this.keys = new RedisKeys(namespace);
  }

  process(): TestProcess {
    const process = new RedisProcess(`p${this.processes.length + 1}`, this.keys, this.redis);
    this.processes.push(process);
    return process;
  }

  now(): number {
    return this.time;
  }

  async advance(ms: number): Promise<void> {
    this.time += ms;
    await this.redis.set(`${this.namespace}:clock`, this.time);
  }

  async look(queue: string): Promise<Stored> {
    const prefix = this.keys.queue(queue);
    const pipeline = this.redis.pipeline();
    for (const place of PLACES) {
      if (place === 'waiting' || place === 'suspects') pipeline.lrange(prefix + place, 0, -1);
      else pipeline.zrange(prefix + place, 0, -1);
    }
    for (const hash of ['rec', ...SIDE_RECORDS]) pipeline.hkeys(prefix + hash);
    for (const set of ['active', 'consumers', 'idle']) pipeline.zrange(prefix + set, 0, -1, 'WITHSCORES');
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
      places: Object.fromEntries(PLACES.map((place, at) => [place, places[at] ?? []])) as Record<Place, string[]>,
      holders: active ?? new Map(),
      consumers: new Map([...(consumers ?? [])].map(([name, deadline]) => [name, Number(deadline)])),
      idle: new Map([...(idle ?? [])].map(([name, free]) => [name, Number(free)])),
      sideRecords: [...new Set(sideRecords)],
      suspected: new Map(Object.entries(replies[0] as Record<string, string>)),
    };
  }

  async dropRecord(queue: string, id: string): Promise<void> {
    await this.redis.hdel(`${this.keys.queue(queue)}rec`, id);
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.die()));
    const keys = await this.redis.keys(`${this.namespace}:*`);
    if (keys.length > 0) await this.redis.unlink(keys);
    this.redis.disconnect();
  }
}

class RedisProcess implements TestProcess {
  readonly broker: RedisTaskBroker;
  private readonly link: RedisLink;
  private readonly inbox: RedisInbox;
  private readonly markers = new Map<string, () => void>();
  private marker = 0;

  constructor(
    readonly name: string,
    private readonly keys: RedisKeys,
    private readonly redis: Redis,
  ) {
    const settings = {
      connect: (overrides: object) => new Redis(sharedRedisUrl(), { ...overrides, replyMapping: 'legacy' }),
      connectTimeoutMs: 5_000,
      waitMs: 5_000,
      now: CLOCK,
    };
    this.link = new RedisLink({ ...settings, commandTimeoutMs: 5_000 });
    this.inbox = new RedisInbox(
      new RedisLink({ ...settings, commandTimeoutMs: 30_000 }),
      keys.wake(name),
      silentLogger,
    );
    this.inbox.on('m', 1, ([marker = '']) => this.markers.get(marker)?.());
    this.broker = new RedisTaskBroker(this.link, this.inbox, keys, name);
    void this.link.open().catch(() => undefined);
  }

  /** Pushes are delivered in order: once a marker has come through, everything before it has. */
  async delivered(): Promise<void> {
    const marker = String(++this.marker);
    await new Promise<void>((resolve, reject) => {
      this.markers.set(marker, resolve);
      this.redis.rpush(this.keys.wake(this.name), `m\n${marker}`).catch(reject);
    });
    this.markers.delete(marker);
  }

  async die(): Promise<void> {
    this.inbox.stop();
    this.link.close();
  }
}

function* pairs(flat: readonly string[]): Generator<[string, string]> {
  for (let at = 0; at + 1 < flat.length; at += 2) yield [flat[at] ?? '', flat[at + 1] ?? ''];
}
