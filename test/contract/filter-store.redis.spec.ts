import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { everyBit, hashOf, type KeyHash } from '../../lib/cache/filter/filter.hash.js';
import { filterShape } from '../../lib/cache/filter/filter.shape.js';
import type { FilterBits, FilterBuild } from '../../lib/cache/filter/filter.store.js';
import { EngineReplyError, EngineUnavailableError } from '../../lib/common/errors.js';
import { RedisFilterStore } from '../../lib/engines/redis/redis-filter.store.js';
import type { LuaScript } from '../../lib/engines/redis/lua.js';
import type { RedisLink } from '../../lib/engines/redis/redis-link.js';
import { eventually } from '../support/eventually.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { RedisFixture } from './redis-fixture.js';

const DAY = 86_400_000;
const SHAPE = filterShape({ capacity: 1_000 }, 'filter');
const LARGER = filterShape({ capacity: 5_000 }, 'filter');

const numbered = (count: number): KeyHash[] => Array.from({ length: count }, (_, n) => hashOf(`key-${n}`));

describe('filters on Redis', () => {
  let fixture: RedisFixture;
  let clock: ManualClock;
  let store: RedisFilterStore;
  let bits: FilterBits;
  let name: string;
  let filter: string;
  /** Names of the scripts that ran. */
  let runs: string[];

  beforeEach(async () => {
    fixture = new RedisFixture();
    clock = new ManualClock();
    const { link } = await fixture.process('one');
    runs = watched(link);
    store = new RedisFilterStore(link, fixture.namespace, link, clock);
    bits = store.open(['cache', 'users'], SHAPE);
    name = `${fixture.namespace}:filter:{cache/users}`;
    filter = `${name}:${SHAPE.bits}x${SHAPE.hashes}`;
  });

  afterEach(() => fixture.close());

  const begin = async (of = bits): Promise<FilterBuild> => {
    const build = await of.build();
    if (!build) throw new Error('somebody else is building');
    return build;
  };

  const left = async (key: string): Promise<number> => fixture.redis.pttl(key);

  test('asks once for all that ask in one tick, and at once for a lone one', async () => {
    await (await begin()).complete();
    await bits.contains(numbered(1));
    runs.length = 0;

    await Promise.all(numbered(64).map((hash) => bits.contains([hash])));
    expect(runs.filter((script) => script === 'filter-ask').length).toBeLessThanOrEqual(2);
  });

  test('holds Redis up for no more than a few thousand bits at once', async () => {
    const build = await begin();
    runs.length = 0;
    await build.add(numbered(2_000));
    await build.complete();
    await bits.add(numbered(2_000));
    await bits.contains(numbered(2_000));

    const calls = Math.ceil(2_000 / Math.floor(2_000 / SHAPE.hashes));
    for (const script of ['filter-build', 'filter-add', 'filter-ask']) {
      expect(runs.filter((run) => run === script)).toHaveLength(calls);
    }
  });

  test('drops what a dead process was building, after half a minute', async () => {
    await begin();
    expect(await left(`${filter}:next`)).toBeGreaterThan(29_000);
    await fixture.advance(30_000);

    expect(await fixture.storedKeys()).toEqual([name]);
    await (await begin()).complete();
  });

  test('a builder whose source is slow keeps it, until it ends', async () => {
    const build = await begin();
    for (let n = 0; n < 3; n++) {
      await fixture.advance(20_000);
      expect(await left(`${filter}:next`)).toBeLessThan(11_000);
      await clock.advance(10_000);
      await eventually(async () => expect(await left(`${filter}:next`)).toBeGreaterThan(29_000));
      await settled();
    }
    expect(await build.complete()).toBe(true);
    runs.length = 0;
    await clock.advance(60_000);
    expect(runs).toEqual([]);
  });

  test('half of it is never taken for the whole: evicted while it is built, it is lost', async () => {
    const build = await begin();
    await build.add(numbered(10));
    await fixture.redis.del(`${filter}:next`);

    expect(await build.add(numbered(10))).toBe(false);
    expect(await build.complete()).toBe(false);
    expect(await fixture.storedKeys()).toEqual([name]);
  });

  test('a filter that nobody uses any more goes away; one that is only asked stays', async () => {
    await (await begin()).complete();
    const larger = store.open(['cache', 'users'], LARGER);
    await (await begin(larger)).complete();
    await bits.contains(numbered(1));

    for (let day = 0; day < 40; day += 10) {
      await fixture.advance(10 * DAY);
      await clock.advance(10 * DAY);
      await bits.contains(numbered(1));
      await eventually(async () => expect(await left(filter)).toBeGreaterThan(29 * DAY));
    }
    expect(await fixture.storedKeys()).toEqual([name, filter]);
    expect(await fixture.redis.smembers(name)).toContain(`${SHAPE.bits}x${SHAPE.hashes}`);

    await bits.add(numbered(1));
    expect(await fixture.redis.smembers(name)).toEqual([`${SHAPE.bits}x${SHAPE.hashes}`]);
    await fixture.advance(31 * DAY);
    expect(await fixture.storedKeys()).toEqual([]);
  });

  test('a filter that is built or added to stays for as long', async () => {
    await (await begin()).complete();
    expect(await left(filter)).toBeGreaterThan(29 * DAY);
    await fixture.advance(20 * DAY);
    await bits.add(numbered(1));

    expect(await left(filter)).toBeGreaterThan(29 * DAY);
    expect(await left(name)).toBeGreaterThan(29 * DAY);
  });

  test('a question writes nothing, but for one a day', async () => {
    await (await begin()).complete();
    await bits.contains(numbered(1));
    await eventually(async () => expect(await left(name)).toBeGreaterThan(29 * DAY));
    await fixture.advance(DAY);
    await bits.contains(numbered(1));
    await bits.contains(numbered(1));

    expect(await left(filter)).toBeLessThanOrEqual(29 * DAY);
  });

  test('sets the bits that the other engine would set', async () => {
    await (await begin()).complete();
    await bits.add(numbered(1));
    const build = await begin();
    await build.add(numbered(1));

    const expected = new Set<number>();
    for (const hash of numbered(1)) everyBit(hash, SHAPE, (bit) => expected.add(bit + 128).size > 0);
    for (const key of [filter, `${filter}:next`]) {
      const answers = await Promise.all([...expected].map((bit) => fixture.redis.getbit(key, bit)));
      expect(answers).toEqual(Array.from(expected, () => 1));
      expect(await fixture.redis.bitcount(key, 16, -1)).toBe(expected.size);
    }
  });

  test('leaves nothing behind when it is cleared', async () => {
    await (await begin()).complete();
    await begin(store.open(['cache', 'users'], LARGER));
    await bits.clear();

    expect(await fixture.storedKeys()).toEqual([]);
  });

  test('takes all of its memory at once', async () => {
    await begin();

    expect(await fixture.redis.strlen(`${filter}:next`)).toBe(16 + SHAPE.bits / 8);
  });

  test('counts a large one in parts', async () => {
    const large = filterShape({ capacity: 5_000_000 }, 'filter');
    const wide = store.open(['cache', 'wide'], large);
    const build = await begin(wide);
    await build.add(numbered(500));
    await build.complete();

    const { set } = await wide.look();
    expect(set).toBeGreaterThan(0.999 * 500 * large.hashes);
    expect(set).toBeLessThanOrEqual(500 * large.hashes);
  });

  test('asks by a way of its own, which may give up sooner', async () => {
    const { link } = await fixture.process('two');
    const asked: string[] = [];
    const asking = {
      run: async (script: LuaScript): Promise<unknown> => {
        asked.push(script.name);
        throw new EngineUnavailableError('away');
      },
    };
    const hasty = new RedisFilterStore(link, fixture.namespace, asking).open(['cache', 'users'], SHAPE);
    await (await begin(hasty)).complete();
    await hasty.add(numbered(1));
    await hasty.look();

    await expect(hasty.contains(numbered(1))).rejects.toThrow(EngineUnavailableError);
    expect(asked).toEqual(['filter-ask']);
  });

  test('says what is wrong when the key belongs to something else', async () => {
    await fixture.redis.hset(filter, 'field', 'value');

    await expect(bits.contains(numbered(1))).rejects.toThrow(EngineReplyError);
    await expect(bits.add(numbered(1))).rejects.toThrow(EngineReplyError);
    await fixture.redis.set(filter, 'foreign text');
    expect(await bits.contains(numbered(1))).toEqual([true]);
    expect(await bits.look()).toEqual({ ready: false, building: false, set: 0 });
  });
});

/** Names of the scripts that the link runs from now on. */
function watched(link: RedisLink): string[] {
  const names: string[] = [];
  const run = link.run.bind(link);
  link.run = (script, keys, args) => {
    names.push(script.name);
    return run(script, keys, args);
  };
  return names;
}
