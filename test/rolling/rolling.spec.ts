import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ledger, pidsOf, type Entry } from '../processes/ledger.js';
import { Node, numbered, serving } from '../processes/node.js';
import type { Adding } from '../processes/node.app.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { previousVersion } from './previous.version.js';

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

  const ends = (namespace: string): Promise<Entry[]> => ledger.read(namespace, 'ended');

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
      await Promise.all([producer.close(namespace), worker.close(namespace)]);
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
    await eventually(async () => expect(await ends(namespace)).toHaveLength(expected.length), {
      within: 10_000,
    });
    const entries = await ends(namespace);
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
    for (const node of nodes) await node.close(namespace);
  });
});
