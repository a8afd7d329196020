import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { intervals, Ledger, mostAtOnce, pidsOf, type Entry } from '../processes/ledger.js';
import { Node, numbered, serving } from '../processes/node.js';
import type { Adding } from '../processes/node.app.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { RedisKeys } from '../../lib/engines/redis/redis-keys.js';
import { Process } from '../integration/redis-protocol.process.js';
import { Producer } from '../acceptance/producer.js';
import type { AddOptions } from 'nestjs-depot';
import { previousVersion } from './previous.version.js';

/** How often an idle worker looks around, and a fifth. */
const UP_TO_A_SWEEP = 15_000;

/** A deploy that replaces one process after the other: the version before this one beside this one, on one Redis. */
describe('a rolling deploy', () => {
  let redis: RedisServer;
  let before: Node;
  let after: Node;
  let ledger: Ledger;

  beforeAll(async () => {
    redis = await startRedis();
    ledger = new Ledger(redis.url);
    [before, after] = await Promise.all([
      Node.start({ redis: redis.url, library: previousVersion() }),
      Node.start({ redis: redis.url }),
    ]);
  });

  const closing: (() => unknown)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  afterAll(async () => {
    await Promise.all([before.stop(), after.stop()]);
    await ledger[Symbol.asyncDispose]();
    await redis.stop();
  });

  const versions = () =>
    [
      ['the version before', before, 'this one', after],
      ['this one', after, 'the version before', before],
    ] as const;

  /** The ends of attempts, when there are so many. */
  const ends = (namespace: string, count: number, within = 10_000): Promise<Entry[]> =>
    eventually(
      async () => {
        const ended = await ledger.read(namespace, 'ended');
        expect(ended).toHaveLength(count);
        return ended;
      },
      { within },
    );

  /** So many workers have nothing to do, and the engine knows of it. */
  const idle = (namespace: string, workers: number): Promise<void> =>
    eventually(async () =>
      expect(await redis.command(`ZCARD ${namespace}:{mail}:idle`)).toBe(String(workers)),
    );

  const leave = (namespace: string, ...nodes: readonly Node[]): Promise<unknown> =>
    Promise.all(nodes.map((node) => node.close(namespace)));

  it('runs what one version adds on the other one, and tells it the result', async () => {
    for (const [, producer, , worker] of versions()) {
      const namespace = uniqueNamespace('across');
      await producer.open({ namespace, queues: [serving('mail', 0)] });
      await worker.open({ namespace, queues: [serving('mail', 3)] });

      const results = await Promise.all(
        ['a', 'b', 'c', 'd', 'e'].map((label) =>
          producer.run(namespace, 'mail', 'work', { label, ms: 10, fails: label === 'c' ? 1 : 0 }),
        ),
      );
      const delayed = await producer.run(namespace, 'mail', 'work', { label: 'late' }, { delay: 50 });

      expect(results).toEqual(['a', 'b', 'c', 'd', 'e'].map((label) => `${label} in ${worker.pid}`));
      expect(delayed).toBe(`late in ${worker.pid}`);
      await expect(producer.run(namespace, 'mail', 'die', {})).rejects.toThrow('it was to fail');
      await leave(namespace, producer, worker);
    }
  });

  it('runs each task to its end once, with retries and delays, while both versions work', async () => {
    const namespace = uniqueNamespace('both');
    const nodes = [before, after];
    for (const node of nodes) await node.open({ namespace, queues: [serving('mail', 8)] });
    const tasks = (version: string): Adding[] =>
      numbered(150, (index) => ({
        name: 'work',
        payload: { label: `${version} ${index}`, ms: 4, fails: index % 10 === 0 ? 2 : 0 },
        ...(index % 7 === 0 && { options: { delay: 20 * (index % 5) } }),
      }));

    await Promise.all([
      before.add(namespace, 'mail', tasks('before')),
      after.add(namespace, 'mail', tasks('after')),
    ]);

    const expected = [...tasks('before'), ...tasks('after')].flatMap(({ payload }) =>
      Array.from({ length: (payload?.fails ?? 0) + 1 }, (_, n) => `${payload?.label} attempt ${n + 1}`),
    );
    const entries = await ends(namespace, expected.length);
    expect(entries.map(({ label, attempt }) => `${label} attempt ${attempt}`).sort()).toEqual(
      expected.sort(),
    );
    expect(pidsOf(entries)).toEqual(new Set([before.pid, after.pid]));
    for (const node of nodes) {
      await eventually(async () =>
        expect(await node.ask(namespace, 'mail', 'counts')).toMatchObject({
          ...{ waiting: 0, delayed: 0, active: 0, dead: 0, parked: 0, completed: 300 },
        }),
      );
    }
    await leave(namespace, ...nodes);
  });

  it('lets the version before hand tasks to a worker that chooses them by name', async () => {
    const namespace = uniqueNamespace('rooms');
    await after.open({ namespace, queues: [serving('mail', 5, {}, { limited: 2 })] });
    await before.open({ namespace, queues: [serving('mail', 0)] });
    await idle(namespace, 1);

    await before.add(
      namespace,
      'mail',
      numbered(60, () => ({ name: 'limited', payload: { ms: 2 } })),
    );

    const ended = await ends(namespace, 60);
    expect(mostAtOnce(intervals(await ledger.read(namespace)))).toBeLessThanOrEqual(2);
    expect(pidsOf(ended)).toEqual(new Set([after.pid]));
    await leave(namespace, before, after);
  });

  describe('with tasks that use something new', () => {
    const uses: Readonly<Record<string, AddOptions>> = {
      priority: { priority: 9 },
      group: { group: 'ann' },
      unique: { unique: { key: 'one' } },
      expiry: { expiresIn: '1m' },
      deadline: { deadline: '1m' },
      kept: { keepResult: '1m' },
    };
    const ofEach = (count: number): Adding[] =>
      Object.entries(uses).flatMap(([label, options]) =>
        numbered(label === 'unique' ? 1 : count, () => ({ name: 'work', payload: { label }, options })),
      );

    it('has them run by this version only, and soon, while both idle', async () => {
      const namespace = uniqueNamespace('new');
      await before.open({ namespace, queues: [serving('mail', 5)] });
      await after.open({ namespace, queues: [serving('mail', 5)] });

      await after.add(namespace, 'mail', ofEach(20));

      const ended = await ends(namespace, ofEach(20).length, UP_TO_A_SWEEP);
      expect(pidsOf(ended)).toEqual(new Set([after.pid]));
      await leave(namespace, before, after);
    });

    it('has them wait for this version, which runs them when it starts', async () => {
      const namespace = uniqueNamespace('later');
      await before.open({ namespace, queues: [serving('mail', 5)] });
      await idle(namespace, 1);
      await using producer = await Producer.start(redis.url, namespace, 'mail');

      await producer.queue.addBulk(ofEach(5));
      await eventually(async () => {
        const { waiting, parked } = await producer.queue.counts();
        expect(waiting + parked).toBe(ofEach(5).length);
      });
      await after.open({ namespace, queues: [serving('mail', 5)] });

      expect(pidsOf(await ends(namespace, ofEach(5).length))).toEqual(new Set([after.pid]));
      await leave(namespace, before, after);
    });

    it('has the version before park what it was handed, and runs it within a sweep', async () => {
      const namespace = uniqueNamespace('sweep');
      const tasks = numbered(40, () => ({ name: 'work', payload: {}, options: { deadline: '1m' } }));
      await before.open({ namespace, queues: [serving('mail', 5)] });
      await idle(namespace, 1);
      await after.open({ namespace, queues: [serving('mail', 5)] });
      await idle(namespace, 2);

      await after.add(namespace, 'mail', tasks);

      expect(pidsOf(await ends(namespace, 40, UP_TO_A_SWEEP))).toEqual(new Set([after.pid]));
      expect(before.log).toContain('was written by a newer version of nestjs-depot (envelope 2');
      await leave(namespace, before, after);
    });
  });

  it('takes back what a worker of the other version had when it died', async () => {
    const victims = await Promise.all([
      Node.start({ redis: redis.url, library: previousVersion() }),
      Node.start({ redis: redis.url }),
    ]);
    await Promise.all(
      [
        { victim: victims[0], survivor: after },
        { victim: victims[1], survivor: before },
      ].map(async ({ victim, survivor }) => {
        const namespace = uniqueNamespace('killed');
        const opening = { namespace, lease: '1s' as const, queues: [serving('mail', 4)] };
        await victim.open(opening);
        const tasks = numbered(4, () => ({ name: 'hold', payload: { pid: victim.pid } }));
        await victim.add(namespace, 'mail', tasks);
        await eventually(async () => expect(await ledger.read(namespace, 'begun')).toHaveLength(4));
        await survivor.open(opening);

        await victim.kill();

        const ended = await ends(namespace, 4);
        expect(pidsOf(ended)).toEqual(new Set([survivor.pid]));
        await leave(namespace, survivor);
      }),
    );
  });

  it('does not count what the version before took back against a group', async () => {
    const namespace = uniqueNamespace('group');
    const limits = { group: { concurrency: 1 } };
    const opening = { namespace, lease: '1s' as const, queues: [serving('mail', 4, limits)] };
    await using victim = await Node.start({ redis: redis.url });
    await victim.open(opening);
    const options = { group: 'ann' };
    await victim.add(namespace, 'mail', [
      { name: 'hold', payload: { pid: victim.pid }, options },
      { name: 'work', payload: {}, options },
    ]);
    await eventually(async () => expect(await ledger.read(namespace, 'begun')).toHaveLength(1));
    await before.open({ ...opening, queues: [serving('mail', 4)] });

    await victim.kill();
    await using producer = await Producer.start(redis.url, namespace, 'mail');
    await eventually(async () =>
      expect(await producer.queue.counts()).toMatchObject({ active: 0, parked: 1 }),
    );
    await after.open(opening);

    expect(pidsOf(await ends(namespace, 2))).toEqual(new Set([after.pid]));
    await leave(namespace, before, after);
  });

  it('finds the key free of a task that the version before has removed', async () => {
    const namespace = uniqueNamespace('key');
    for (const node of [before, after]) await node.open({ namespace, queues: [serving('mail', 0)] });
    const one = { name: 'work', payload: {}, options: { unique: { key: 'one' } } };
    const [first = ''] = await after.add(namespace, 'mail', [one]);
    expect(await after.add(namespace, 'mail', [one])).toEqual([first]);

    expect(await before.ask(namespace, 'mail', 'remove', first)).toBe(true);

    expect(await after.add(namespace, 'mail', [one])).not.toEqual([first]);
    await leave(namespace, before, after);
  });

  it('leaves tasks of a version to come alone, and warns of them once', async () => {
    const namespace = uniqueNamespace('future');
    await after.open({ namespace, queues: [serving('mail', 5)] });
    const broker = new Process(redis.url, new RedisKeys(namespace));
    closing.push(() => broker.close());
    await broker.open();
    const queue = broker.queue({ name: 'mail', limits: undefined });

    await queue.add(['a', 'b'].map((id) => ({ id, envelope: `3work\n${Date.now().toString(36)}\n\n{}` })));
    await eventually(async () => expect(await queue.list('parked', 0, -1)).toEqual(['a', 'b']));
    await leave(namespace, after);
    const warnings = after.log.split('\n').filter((line) => line.includes('envelope 3'));
    await after.open({ namespace, queues: [serving('mail', 5)] });
    await after.run(namespace, 'mail', 'work', {});

    expect(warnings).toEqual([expect.stringContaining('it is left for a worker that can read it')]);
    expect(await queue.list('parked', 0, -1)).toEqual(['a', 'b']);
    expect(await ends(namespace, 1)).toHaveLength(1);
    await leave(namespace, after);
  });
});
