import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { monotonic } from '../model/cache-history.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { CacheFleet } from './cache-fleet.js';
import type { CacheNode } from './cache-node.js';

/** The worst way to break: the connection is there, and nothing comes. So long a process may go on with its memory. */
const TRUSTED_MS = 4_000;

describe('what a process is told of changes', () => {
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

  /** How many processes are told of changes. */
  const told = async (): Promise<number> => {
    const clients = await fleet.redis.command('CLIENT LIST TYPE pubsub');
    return clients.split('\n').filter((line) => line.startsWith('id=')).length;
  };

  /** It has the value in memory, and relies on it. */
  async function relies(key: string, value: unknown): Promise<void> {
    await eventually(
      async () => {
        const before = await memoryHits();
        expect(await deaf.get(namespace, key)).toEqual(value);
        expect(await memoryHits()).toBe(before + 1);
      },
      { within: 10_000 },
    );
  }

  /** It is told in order: whoever hears that what is in memory has changed has heard of all before. */
  async function hearsOfAll(): Promise<void> {
    await other.set(namespace, 'last', 1);
    await relies('last', 1);
    await other.set(namespace, 'last', 2);
    await eventually(async () => expect(await deaf.get(namespace, 'last')).toBe(2));
  }

  it('decides how far it relies on its memory: no more after a silence, and does again once it is told', async () => {
    await other.set(namespace, 'key', 'old');
    await relies('key', 'old');

    const way = fleet.ways[deaf.who]?.feed;
    way?.blackhole();
    await other.set(namespace, 'key', 'new');
    const wroteAt = monotonic();
    await eventually(async () => expect(await deaf.get(namespace, 'key')).toBe('new'), { within: 10_000 });
    expect(monotonic() - wroteAt).toBeLessThan(TRUSTED_MS);

    way?.restore();
    await relies('key', 'new');
  });

  it('does not rely on its memory while it is cut off from that', async () => {
    await other.set(namespace, 'key', 'old');
    await hearsOfAll();
    await relies('key', 'old');

    const way = fleet.ways[deaf.who]?.feed;
    way?.refuse();
    await eventually(async () => expect(await told()).toBe(fleet.nodes.length - 1));
    await other.set(namespace, 'key', 'new');
    // Long before a silence would tell.
    await eventually(async () => expect(await deaf.get(namespace, 'key')).toBe('new'), { within: 1_000 });

    way?.restore();
    await relies('key', 'new');
  });

  it('has nothing in memory from before it was told again', async () => {
    await other.set(namespace, 'key', 'old');
    await other.set(namespace, 'another', 1);
    await relies('key', 'old');

    // It is not asked for anything meanwhile.
    const way = fleet.ways[deaf.who]?.feed;
    way?.refuse();
    await eventually(async () => expect(await told()).toBe(fleet.nodes.length - 1));
    await other.set(namespace, 'key', 'new');
    way?.restore();
    await eventually(async () => expect(await told()).toBe(fleet.nodes.length));

    // By this it learns what it needs to rely on its memory.
    await deaf.get(namespace, 'another');
    expect(await deaf.get(namespace, 'key')).toBe('new');
  });

  it('serves what it had when Redis is out of reach, and nothing that was invalidated by then', async () => {
    await other.set(namespace, 'kept', 'old');
    await other.set(namespace, 'invalidated', 'old', { tags: ['tag'] });
    await hearsOfAll();
    await relies('kept', 'old');
    await relies('invalidated', 'old');
    await other.invalidateTags(namespace, 'tag');
    await hearsOfAll();

    const ways = fleet.ways[deaf.who];
    ways?.feed.refuse();
    ways?.link.refuse();
    await eventually(async () => expect(await told()).toBe(fleet.nodes.length - 1));

    expect(await deaf.get(namespace, 'kept')).toBe('old');
    expect(await deaf.get(namespace, 'invalidated')).toBeUndefined();
    ways?.feed.restore();
    ways?.link.restore();
    await relies('kept', 'old');
  });

  it('hears that Redis was emptied, of what somebody else had stored there, too', async () => {
    await fleet.redis.command(`SET ${namespace}:cache:default:{number} 7`);
    await hearsOfAll();
    await relies('number', 7);

    await fleet.redis.command('FLUSHALL');

    await eventually(async () => expect(await deaf.get(namespace, 'number')).toBeUndefined());
  });
});
