import { expect, it } from '@jest/globals';
import type { CacheStore, MemorySettings } from '../../lib/cache/cache.store.js';
import { eventually } from '../support/eventually.js';
import {
  claim,
  entry,
  entryAt,
  everywhereElse,
  HOUR,
  keyed,
  leaseOf,
  put,
  valueAt,
  type CacheScene,
} from './cache-store.scene.js';

/** What is known without asking. Only for those that keep anything in the process. */
export function peekingCases(scene: () => CacheScene): void {
  /** Read often enough to be in memory, if that takes more than once. */
  const known = async (store: CacheStore, key: string, value: unknown): Promise<void> => {
    await eventually(async () => {
      await store.read(key);
      expect(store.peek(key)?.value.copy()).toEqual(value);
    });
  };

  it('knows what it has read', async () => {
    const { store } = scene();
    await put(store, 'k', 'one', { graceMs: HOUR });
    const read = await entryAt(store, 'k');
    await known(store, 'k', 'one');

    const { createdAt, freshUntil, keptUntil, version } = read;
    expect(store.peek('k')).toMatchObject({ createdAt, freshUntil, keptUntil, version });
  });

  it('knows what it has read of many, of a namespace, and of what it has made', async () => {
    const { store } = scene();
    await store.write([keyed('a', 1), keyed('b', 2, { tags: ['t'] })]);
    await put(store.namespace('n'), 'c', 3);
    await (await leaseOf(store, 'd')).fill(entry(4));
    await store.readMany(['a', 'b']);

    await known(store, 'a', 1);
    await known(store, 'b', 2);
    await known(store.namespace('n'), 'c', 3);
    await known(store, 'd', 4);
  });

  it('never knows what this process has replaced or removed', async () => {
    const { store } = scene();
    const changes: (() => Promise<unknown>)[] = [
      () => store.delete(['k']),
      () => store.deleteMatching('*'),
      () => store.expire('k', 0),
      () => store.invalidate(),
      () => store.invalidateTags(['t']),
      () => put(store, 'k', 2),
      () => store.increment('k', 1, HOUR),
    ];
    for (const change of changes) {
      await put(store, 'k', 1, { tags: ['t'] });
      await known(store, 'k', 1);
      await change();
      expect(store.peek('k')?.value.copy()).not.toBe(1);
    }
    const lease = await leaseOf(store, 'k', { seen: (await store.read('k'))?.version });
    await lease.fill(entry(5));
    expect([undefined, 5]).toContain(store.peek('k')?.value.copy());
  });

  it('soon knows no more what another process has replaced or removed', async () => {
    const { store, other } = scene();
    const changes: (() => Promise<unknown>)[] = [
      () => other.delete(['k']),
      () => other.deleteMatching('*'),
      () => other.expire('k', 0),
      () => other.invalidate(),
      () => other.invalidateTags(['t']),
      () => put(other, 'k', 2),
      () => other.increment('k', 1, HOUR),
    ];
    for (const change of changes) {
      await put(store, 'k', 1, { tags: ['t'] });
      await known(store, 'k', 1);
      await change();
      await eventually(() => expect(store.peek('k')?.value.copy()).not.toBe(1));
    }
  });

  it('takes the time from its caller, if he has it', async () => {
    const { store, bench } = scene();
    await put(store, 'k', 'one');
    await known(store, 'k', 'one');
    const now = bench.now();

    expect(store.peek('k', now)).toBeDefined();
    expect(store.peek('k', now + HOUR - 1)).toBeDefined();
    expect(store.peek('k', now + HOUR)).toBeUndefined();
  });

  it('knows nothing of an entry whose time is over', async () => {
    const { store } = scene();
    await put(store, 'k', 'one');
    await known(store, 'k', 'one');
    await scene().advance(HOUR);

    expect(store.peek('k')).toBeUndefined();
  });
}

/** How much is kept in the process. */
export function boundCases(scene: () => CacheScene): void {
  const opened = (over: Partial<MemorySettings>): CacheStore =>
    scene().open(`${scene().name}-bounded`, {
      maxEntries: 1_000,
      maxBytes: 1_000_000,
      policy: 'lru',
      ttlMs: Number.POSITIVE_INFINITY,
      ...over,
    });
  const fill = async (store: CacheStore, keys: readonly string[], value: unknown): Promise<void> => {
    for (const key of keys) {
      await put(store, key, value);
      await store.read(key);
    }
  };
  const keys = Array.from({ length: 20 }, (_, at) => `key ${at}`);

  it('says how much it has of the cache, namespaces included', async () => {
    const store = opened({});
    expect(store.size()).toEqual({ entries: 0, bytes: 0 });
    await fill(store, ['a', 'b'], 'x'.repeat(500));
    await fill(store.namespace('n'), ['a'], 'x'.repeat(500));

    await eventually(async () => {
      await store.readMany(['a', 'b']);
      await store.namespace('n').read('a');
      expect(store.size().entries).toBe(3);
    });
    expect(store.namespace('n').size()).toEqual(store.size());
    expect(store.size().bytes).toBeGreaterThanOrEqual(1_500);
    expect(store.size().bytes).toBeLessThan(2_000);
  });

  it('keeps no more entries than it may', async () => {
    const store = opened({ maxEntries: 5 });
    await fill(store, keys, 'one');

    expect(store.size().entries).toBeLessThanOrEqual(5);
    expect(keys.filter((key) => store.peek(key)).length).toBeLessThanOrEqual(5);
  });

  it('keeps no more bytes than it may', async () => {
    const store = opened({ maxBytes: 5_000 });
    await fill(store, keys, 'x'.repeat(900));

    expect(store.size().bytes).toBeLessThanOrEqual(5_000);
    expect(keys.filter((key) => store.peek(key)).length).toBeLessThanOrEqual(5);
  });

  it('does not keep an entry that is larger than all may be, and lets nothing go for it', async () => {
    const store = opened({ maxBytes: 5_000 });
    await fill(store, ['small'], 1);
    await eventually(async () => {
      await store.read('small');
      expect(store.peek('small')).toBeDefined();
    });
    await fill(store, ['large'], 'x'.repeat(6_000));

    expect(store.peek('large')).toBeUndefined();
    expect(store.peek('small')).toBeDefined();
  });

  it('keeps nothing for longer than it may', async () => {
    const store = opened({ ttlMs: 1_000 });
    await fill(store, ['k'], 'one');
    await eventually(async () => {
      await store.read('k');
      expect(store.peek('k')).toBeDefined();
    });
    await scene().advance(999);
    expect(store.peek('k')).toBeDefined();
    await scene().advance(1);

    expect(store.peek('k')).toBeUndefined();
  });

  it('gives the memory of what is gone back, by and by', async () => {
    const store = opened({});
    await fill(store, keys, 'one');
    await scene().advance(HOUR + 1_000);
    expect(store.size()).toEqual({ entries: 0, bytes: 0 });
  });
}

/** Where nobody else has the cache there is nothing to hear of. */
export function hearingCases(scene: () => CacheScene): void {
  it('tells of keys that another process changes', async () => {
    const { store, other } = scene();
    const heard: (string | undefined)[] = [];
    store.onChange((id) => heard.push(id));
    await store.write([keyed('a', 1), keyed('b', 1)]);
    await store.readMany(['a', 'b', 'c']);
    const inside = store.namespace('n');
    await inside.read('k');

    await put(other, 'a', 2);
    await eventually(() => expect([store.idOf('a'), undefined]).toContain(heard.at(-1)));
    await other.delete(['b']);
    await eventually(() => expect(heard.some((id) => id === store.idOf('b') || id === undefined)).toBe(true));
    await put(other.namespace('n'), 'k', 1);
    await eventually(() =>
      expect(heard.some((id) => id === inside.idOf('k') || id === undefined)).toBe(true),
    );
  });

  it('tells that any key may be another when a tag, a namespace or the cache is invalidated', async () => {
    const { store, other } = scene();
    for (const invalidate of [
      () => other.invalidateTags(['t']),
      () => other.namespace('n').invalidate(),
      () => other.invalidate(),
    ]) {
      await put(store, 'k', 1, { tags: ['t'] });
      await put(store.namespace('n'), 'k', 1);
      await store.read('k');
      await store.namespace('n').read('k');
      const told = new Promise<void>((resolve) => {
        store.onChange((id) => {
          if (id === undefined) resolve();
        });
      });
      await invalidate();
      await told;
    }
  });

  it('hears of what others change in what it is about to make', async () => {
    const { store, other } = scene();
    await leaseOf(store, 'k');
    await put(other, 'k', 'theirs');

    await everywhereElse(scene(), async (each) => {
      expect(await claim(each, 'k')).toMatchObject({ kind: 'found' });
      expect(await valueAt(each, 'k')).toBe('theirs');
    });
  });
}
