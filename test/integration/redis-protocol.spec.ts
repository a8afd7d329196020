import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { EngineReplyError, EngineUnavailableError } from '../../lib/common/errors.js';
import { RedisKeys } from '../../lib/engines/redis/redis-keys.js';
import { Fleet, completed, dead, parked, retried, task, tasks } from '../contract/task-broker.fleet.js';
import { openRedis } from '../contract/task-broker.redis.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { sharedRedisUrl } from '../support/shared-redis.js';
import { COMMAND_TIMEOUT, Process } from './redis-protocol.process.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(url: string, keys?: RedisKeys, name?: string, blockingUrl?: string): Promise<Process> {
  const process = new Process(url, keys, name, blockingUrl);
  closing.push(() => process.close());
  return process.open();
}

function client(url: string): Redis {
  const redis = new Redis(url);
  closing.push(() => redis.disconnect());
  return redis;
}

async function server(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
  const redis = await startRedis(options);
  closing.push(() => redis.stop());
  return redis;
}

async function proxy(port: number): Promise<TcpProxy> {
  const through = await startProxy({ port });
  closing.push(() => through.close());
  return through;
}

const sharedProxy = (): Promise<TcpProxy> => proxy(Number(new URL(sharedRedisUrl()).port));

const ADDED = { to: 'added' };

describe('a Redis whose memory is full', () => {
  let fleet: Fleet;
  let redis: Redis;
  beforeEach(async () => {
    const { url } = await server({ args: ['--maxmemory-policy', 'noeviction'] });
    redis = client(url);
    fleet = new Fleet(await openRedis(url));
    closing.push(() => fleet.close());
  });
  const fill = (): Promise<unknown> => redis.config('SET', 'maxmemory', '1');

  it('refuses an add as a whole, with a clear error', async () => {
    const worker = await fleet.worker();
    await worker.step(1);
    await fill();

    const refused = worker.queue.add([...tasks('a'), task('b', { inMs: 10 })]);
    await expect(refused).rejects.toThrow(EngineReplyError);
    await expect(refused).rejects.toThrow(/OOM/);

    expect(await fleet.places()).toEqual({});
    await redis.config('SET', 'maxmemory', '0');
    expect(await worker.queue.add([...tasks('a'), task('b', { inMs: 10 })])).toEqual([ADDED, ADDED]);
    expect(await worker.handedIds()).toEqual(['a']);
  });

  it('goes on acknowledging, claiming, beating, joining, leaving and tidying (A5)', async () => {
    const worker = await fleet.workerWith(['a', 'b', 'c', 'd', 'e']);
    const other = await fleet.worker();
    await worker.queue.add([...tasks('f'), task('g', { inMs: 10 })]);
    await worker.queue.awaitOutcome('a');
    await worker.queue.note(worker.consumer, 'a', 'log', 'line');
    await fill();

    expect(await worker.queue.beat(worker.consumer, 'busy')).toBe('ok');
    expect(await other.queue.beat(other.consumer, 'idle')).toBe('look');
    await fleet.advance(10);
    const acks = [completed('a'), dead('b'), parked('c'), retried('d', 50)];
    expect(await worker.claim(2, ...acks)).toEqual(['f']);
    expect(await worker.told()).toHaveLength(1);
    expect(await worker.join({ consumer: worker.consumer, keep: ['e'] })).toEqual(['e']);
    expect(await other.claim(1)).toEqual(['f']);
    await worker.queue.leave(worker.consumer);
    await other.queue.tidy(other.consumer, ['send']);
    expect(await other.queue.remove(['d'])).toEqual(['removed']);

    expect(await fleet.places()).toEqual({
      waiting: ['c', 'e', 'g'],
      active: ['f'],
      completed: ['a'],
      dead: ['b'],
    });
  });

  it('extends the leases of idle consumers', async () => {
    const { process, queue, consumer } = await fleet.worker();
    await fleet.advance(1_000);
    await fill();

    expect(await process.broker.rest([{ queue: queue.name, consumer }])).toBe(true);
  });

  it('takes back what a dead consumer had', async () => {
    const doomed = await fleet.workerWith(['a', 'b']);
    const alive = await fleet.worker();
    await fleet.kill(doomed);
    await fill();

    expect(await fleet.outlive(alive, 5)).toEqual(['a', 'b']);
  });
});

describe('keys that are not ours', () => {
  const names = {
    hash: [
      'rec',
      'out',
      'tries',
      'crashes',
      'suspect',
      'members',
      'versions',
      'waiters',
      'progress',
      'log',
      'meta',
    ],
    zset: ['delayed', 'active', 'consumers', 'idle', 'completed', 'dead', 'parked'],
    list: ['waiting', 'suspects'],
  };

  it('are named before anything is written, and nothing is lost', async () => {
    const redis = client(sharedRedisUrl());
    for (const name of Object.values(names).flat()) {
      const keys = new RedisKeys(uniqueNamespace('foreign'));
      const key = `${keys.queue('mail')}${name}`;
      await redis.set(key, 'somebody else');
      const queue = (await open(sharedRedisUrl(), keys)).queue();

      for (const call of [() => queue.add(tasks('a')), () => queue.join(), () => queue.counts()]) {
        await expect(call()).rejects.toThrow(EngineReplyError);
        await expect(call()).rejects.toThrow(key);
      }

      expect(await redis.keys(`${keys.queue('mail')}*`)).toEqual([key]);
      await redis.del(key);
      expect(await queue.add(tasks('a'))).toEqual([ADDED]);
    }
  });

  it('are not mistaken for ours in what the scripts write', async () => {
    const redis = client(sharedRedisUrl());
    const process = await open(sharedRedisUrl());
    const queue = process.queue({ maxCrashes: 1 });
    const { consumer } = await queue.join();
    await queue.add([...tasks('a', 'b', 'c', 'd'), task('e', { inMs: 60_000 })]);
    await queue.step(consumer, [], 4);
    await queue.note(consumer, 'd', 'progress', '1');
    await queue.note(consumer, 'd', 'log', '1');
    await queue.awaitOutcome('e');
    await queue.step(consumer, [completed('a'), dead('b'), parked('c')], 4);

    const prefix = process.keys.queue('mail');
    const known = new Set(Object.values(names).flat());
    const written = await redis.keys(`${prefix}*`);
    expect(written.map((key) => key.slice(prefix.length)).filter((name) => !known.has(name))).toEqual([]);
    expect(written.length).toBeGreaterThan(8);
  });
});

describe('a call whose answer is lost', () => {
  it('ran once, is rejected at once, and joining again says what came of it (A1)', async () => {
    const way = await sharedProxy();
    const process = await open(way.urlOf(sharedRedisUrl()));
    const queue = process.queue();
    const { consumer } = await queue.join();
    await queue.add(tasks('a', 'b', 'c'));
    await queue.step(consumer, [], 2);
    const lost = way.dropReplies('the outcome');

    const startedAt = performance.now();
    const step = queue.step(
      consumer,
      [{ id: 'a', to: 'retry', outcome: 'the outcome', tries: 1, delayMs: 0 }],
      2,
    );
    await expect(step).rejects.toThrow(EngineUnavailableError);
    await lost;
    expect(performance.now() - startedAt).toBeLessThan(COMMAND_TIMEOUT);

    const joined = await eventually(() => queue.join({ consumer, keep: ['a', 'b'] }));
    expect(joined.kept).toEqual(['b']);
    expect(await queue.list('waiting', 0, -1)).toEqual(['c', 'a']);
    expect(await queue.read(['a', 'c'])).toMatchObject([{ tries: 1 }, { tries: 0 }]);
  });

  it('is not repeated by the connection', async () => {
    const way = await sharedProxy();
    const queue = (await open(way.urlOf(sharedRedisUrl()))).queue();
    const { consumer } = await queue.join();
    await queue.add(tasks('a'));
    await queue.step(consumer, [], 1);
    await queue.note(consumer, 'a', 'log', 'before');
    const lost = way.dropReplies('only once');

    await expect(queue.note(consumer, 'a', 'log', 'only once')).rejects.toThrow(EngineUnavailableError);
    await lost;

    const [record] = await eventually(() => queue.read(['a']));
    expect(record?.log).toEqual(['before', 'only once']);
  });

  it('is harmless to repeat when it was an add (A6)', async () => {
    const way = await sharedProxy();
    const queue = (await open(way.urlOf(sharedRedisUrl()))).queue();
    expect(await queue.add(tasks('a'))).toEqual([ADDED]);
    const lost = way.dropReplies('result of my work');
    const added = [{ id: 'b', envelope: '1send\n\n\nresult of my work' }];

    await expect(queue.add(added)).rejects.toThrow(EngineUnavailableError);
    await lost;

    expect(await eventually(() => queue.add(added))).toEqual([{ to: 'exists', id: 'b' }]);
    expect(await queue.list('waiting', 0, -1)).toEqual(['a', 'b']);
  });

  it('ends within the command time-out when nothing comes back at all (B5)', async () => {
    const way = await sharedProxy();
    const queue = (await open(way.urlOf(sharedRedisUrl()))).queue();
    await queue.counts();
    way.blackhole();

    const startedAt = performance.now();
    const calls = await Promise.allSettled([queue.add(tasks('a')), queue.counts(), queue.join()]);
    expect(performance.now() - startedAt).toBeLessThan(3 * COMMAND_TIMEOUT);
    for (const call of calls) {
      expect(call).toMatchObject({ status: 'rejected', reason: expect.any(EngineUnavailableError) });
    }

    way.restore();
    expect(await eventually(() => queue.add(tasks('b')))).toEqual([ADDED]);
  });

  it('fails at once while there is no connection', async () => {
    const way = await sharedProxy();
    const queue = (await open(way.urlOf(sharedRedisUrl()))).queue();
    await queue.counts();
    way.refuse();
    await eventually(() => expect(way.size).toBe(0));

    const startedAt = performance.now();
    await expect(queue.counts()).rejects.toThrow(EngineUnavailableError);
    await expect(queue.counts()).rejects.toThrow(/127\.0\.0\.1/);
    expect(performance.now() - startedAt).toBeLessThan(COMMAND_TIMEOUT);
  });
});

describe('a push that is lost on its way', () => {
  it('is noticed, and the task comes back, when BLPOP had popped it', async () => {
    const way = await sharedProxy();
    const process = await open(sharedRedisUrl(), undefined, 'p1', way.urlOf(sharedRedisUrl()));
    const queue = process.queue();
    const { consumer } = await queue.join();
    await queue.step(consumer, [], 1);
    const lost = way.dropReplies('blpop');

    await queue.add(tasks('a'));
    await lost;
    await eventually(() => expect(process.gaps).toBeGreaterThan(0));

    expect(process.handed).toEqual([]);
    expect(await queue.list('active', 0, -1)).toEqual(['a']);
    const again = await queue.join({ consumer, keep: [] });
    expect(await queue.step(again.consumer, [], 1)).toMatchObject({ tasks: [{ id: 'a' }] });
  });

  it('is noticed by every queue when a step of one had taken it', async () => {
    const way = await sharedProxy();
    const direct = await open(sharedRedisUrl(), undefined, 'p2');
    const process = new Process(way.urlOf(sharedRedisUrl()), direct.keys, 'p1');
    closing.push(() => process.close());
    await process.link.open();
    const [mail, other] = [process.queue(), process.queue({ name: 'other' })];
    const mailer = await mail.join();
    const worker = await other.join();
    await other.step(worker.consumer, [], 1);
    await direct.queue({ name: 'other' }).add(tasks('a'));
    const lost = way.dropReplies(mailer.consumer);

    await expect(mail.step(mailer.consumer, [], 1)).rejects.toThrow(EngineUnavailableError);
    await lost;

    await eventually(() => expect(process.gaps).toBe(2));
    const again = await other.join({ consumer: worker.consumer, keep: [] });
    expect(await other.step(again.consumer, [], 1)).toMatchObject({ tasks: [{ id: 'a' }] });
  });

  it('does not expire with the news of ends that lay on the list before it', async () => {
    const redis = client(sharedRedisUrl());
    const sleeper = new Process(sharedRedisUrl());
    closing.push(() => sleeper.close());
    const keys = sleeper.keys;
    const other = await open(sharedRedisUrl(), keys, 'p2');
    await sleeper.link.open();
    const [asleep, awake] = [sleeper.queue(), other.queue()];
    const [mine, theirs] = [await asleep.join(), await awake.join()];
    await awake.add(tasks('a'));
    await awake.step(theirs.consumer, [], 1);
    await asleep.awaitOutcome('a');
    await asleep.step(mine.consumer, [], 1);
    await awake.step(theirs.consumer, [completed('a')], 0);
    expect(await redis.pttl(keys.wake('p1'))).toBeGreaterThan(0);

    await awake.add(tasks('b'));

    expect(await redis.pttl(keys.wake('p1'))).toBe(-1);
  });
});

describe('a server that changes', () => {
  it('was made a replica: calls fail clearly, and all recovers when it is a master again (B7)', async () => {
    const { url } = await server();
    const redis = client(url);
    const process = await open(url);
    const queue = process.queue();
    const first = await queue.join();
    await queue.step(first.consumer, [], 5);
    await redis.replicaof('127.0.0.1', '1');

    await expect(queue.add(tasks('a'))).rejects.toThrow(EngineUnavailableError);
    await redis.replicaof('NO', 'ONE');

    await eventually(() => queue.add(tasks('a')));
    const { consumer } = await eventually(() => queue.join({ consumer: first.consumer, keep: [] }));
    expect(await queue.step(consumer, [], 5)).toMatchObject({ tasks: [{ id: 'a' }] });
    await queue.add(tasks('b'));
    await eventually(() => expect(process.handed.at(-1)).toBe('b'));
  });

  it('has forgotten the scripts', async () => {
    const { url } = await server();
    const redis = client(url);
    const queue = (await open(url)).queue();
    await queue.add(tasks('a'));
    await redis.script('FLUSH');

    const added = await Promise.all([queue.add(tasks('b')), queue.add(tasks('c')), queue.add(tasks('a'))]);
    expect(added).toEqual([[ADDED], [ADDED], [{ to: 'exists', id: 'a' }]]);
    expect([...(await queue.list('waiting', 0, -1))].sort()).toEqual(['a', 'b', 'c']);
  });

  it('has forgotten everything: consumers are told, and join again', async () => {
    const { url } = await server();
    const redis = client(url);
    const queue = (await open(url)).queue();
    const { consumer } = await queue.join();
    await queue.add(tasks('a'));
    await queue.step(consumer, [], 1);
    await redis.flushall();

    expect(await queue.step(consumer, [completed('a')], 1)).toBe('lost');
    const again = await queue.join({ consumer, keep: ['a'] });
    expect(again.kept).toEqual([]);
    expect(again.consumer).not.toBe(consumer);
  });

  it('was restarted', async () => {
    const redis = await server();
    const process = await open(redis.url);
    const queue = process.queue();
    const first = await queue.join();
    await queue.step(first.consumer, [], 1);
    await redis.restart();

    await eventually(() => queue.add(tasks('a')));
    await eventually(() => expect(process.gaps).toBeGreaterThan(0));
    const { consumer } = await queue.join({ consumer: first.consumer, keep: [] });
    expect(await queue.step(consumer, [], 1)).toMatchObject({ tasks: [{ id: 'a' }] });
    await queue.step(consumer, [completed('a')], 1);
    await queue.add(tasks('b'));
    await eventually(() => expect(process.handed).toEqual(['b']));
  });
});

describe('a connection that can not be made', () => {
  it('is reported with host and port, and without the password', async () => {
    const redis = await server({ password: 'right' });
    const url = `redis://:wr0ng-secret@127.0.0.1:${redis.port}`;
    const process = new Process(url);
    closing.push(() => process.close());

    const error = await process.link.open().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );

    expect(error).toBeInstanceOf(EngineUnavailableError);
    expect(String(error)).toContain(`127.0.0.1:${redis.port}`);
    expect(String(error)).toMatch(/WRONGPASS/);
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain('wr0ng-secret');
  });

  it('is reported when nothing listens there', async () => {
    const process = new Process('redis://:secret@127.0.0.1:1');
    closing.push(() => process.close());

    const opening = process.link.open();
    await expect(opening).rejects.toThrow(EngineUnavailableError);
    await expect(opening).rejects.toThrow(/127\.0\.0\.1:1.*ECONNREFUSED/);
    await expect(opening).rejects.not.toThrow(/secret/);
  });
});

describe('what a call costs', () => {
  /** Commands that Redis ran for these calls, those inside of scripts included. */
  async function cost(redis: Redis, calls: () => Promise<unknown>): Promise<number> {
    await redis.config('RESETSTAT');
    await calls();
    const stats = await redis.info('commandstats');
    return [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)]
      .filter(([, name]) => !/^(config\|resetstat|info)$/.test(name ?? ''))
      .reduce((sum, [, , count]) => sum + Number(count), 0);
  }

  it('is a few commands for a call, and parts of one for a task of many', async () => {
    const { url } = await server();
    const redis = client(url);
    const process = new Process(url);
    closing.push(() => process.close());
    await process.link.open();
    const queue = process.queue();
    const { consumer } = await queue.join();
    const ids = Array.from({ length: 100 }, (_, at) => `t${at}`);

    const costs: Record<string, number> = {};
    costs['add one, nobody idle'] = await cost(redis, () => queue.add(tasks('a')));
    costs['add 100, nobody idle'] = await cost(redis, () => queue.add(tasks(...ids)));
    costs['claim one'] = await cost(redis, () => queue.step(consumer, [], 1));
    costs['end one, claim one'] = await cost(redis, () => queue.step(consumer, [completed('a')], 1));
    costs['end one, claim one, again'] = await cost(redis, () => queue.step(consumer, [completed('t0')], 1));
    costs['end one, claim 98'] = await cost(redis, () => queue.step(consumer, [completed('t1')], 98));
    const acks = ids.slice(2).map((id) => completed(id));
    costs['end 98, idle'] = await cost(redis, () => queue.step(consumer, acks, 100));
    costs['add one, handed over'] = await cost(redis, () => queue.add(tasks('b')));
    costs.beat = await cost(redis, () => queue.beat(consumer, 'busy'));

    const limits = {
      'add one, nobody idle': 7,
      'add 100, nobody idle': 7,
      'claim one': 22,
      'end one, claim one': 13,
      'end one, claim one, again': 13,
      'end one, claim 98': 13,
      'end 98, idle': 36,
      'add one, handed over': 14,
      beat: 8,
    };
    for (const [call, limit] of Object.entries(limits)) {
      expect([call, costs[call]]).toEqual([call, Math.min(costs[call] ?? Number.NaN, limit)]);
    }
  });
});
