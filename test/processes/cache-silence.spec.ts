import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { monotonic } from '../model/cache-history.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { CacheFleet } from './cache-fleet.js';
import type { CacheNode } from './cache-node.js';

/** So long a process may go on with its memory when nothing reaches it and no connection ends. */
const TRUSTED_MS = 4_000;

/** The worst way to break: the connection that tells of changes is there, and nothing comes. */
describe('a process that nobody tells of changes', () => {
  let fleet: CacheFleet;
  let deaf: CacheNode;
  let other: CacheNode;
  const namespace = uniqueNamespace('deaf');

  beforeAll(async () => {
    fleet = await CacheFleet.start(2);
    [deaf, other] = fleet.nodes as [CacheNode, CacheNode];
    await Promise.all(fleet.nodes.map((node) => node.open(namespace)));
  }, 60_000);

  afterAll(() => fleet.kill());

  const memoryHits = async (): Promise<number> => (await deaf.stats(namespace)).memoryHits;

  it('relies on its memory no more after a while, and does again once it is told', async () => {
    await other.set(namespace, 'key', 'old');
    await eventually(async () => {
      const before = await memoryHits();
      expect(await deaf.get(namespace, 'key')).toBe('old');
      expect(await memoryHits()).toBe(before + 1);
    });

    const way = fleet.ways[deaf.who]?.feed;
    way?.blackhole();
    await other.set(namespace, 'key', 'new');
    const wroteAt = monotonic();
    await eventually(async () => expect(await deaf.get(namespace, 'key')).toBe('new'), { within: 10_000 });
    expect(monotonic() - wroteAt).toBeLessThan(TRUSTED_MS);

    way?.restore();
    await eventually(
      async () => {
        const before = await memoryHits();
        expect(await deaf.get(namespace, 'key')).toBe('new');
        expect(await memoryHits()).toBe(before + 1);
      },
      { within: 10_000 },
    );
  });
});
