import { setTimeout as pause } from 'node:timers/promises';
import type { CacheNamespace, CacheService, GetOrSetOptions, SetOptions } from 'nestjs-depot';
import { FOREIGN, monotonic } from '../model/cache-history.js';
import { random } from '../support/random.js';
import type { Database } from './cache-database.js';
import type { DiaryKeeper } from './cache-diary.js';
import { entryName, NAMESPACE, SHELF, spaceOf, TAGS, type Shelved, type ShelfKey } from './cache-shelf.js';

const PAUSE_MS = 8;
/** How long all turn to the same key. */
const HOT_MS = 80;
const LONGEST_WORK_MS = 50;
/** Long enough for others to join it when they should have heard that it is old. */
const OVERTAKEN_MS = 150;

type Deed = readonly [times: number, deed: () => Promise<void>];

/** Does what it likes to a cache, one thing after the other, and has it written down. What it likes depends on the seed. */
export class Wanderer {
  private readonly chance: ReturnType<typeof random>;
  /** Each with how often it is done. */
  private readonly reading: readonly Deed[] = [
    [30, () => this.peek()],
    [30, () => this.get()],
    [8, () => this.getMany()],
  ];
  private readonly making: readonly Deed[] = [
    [40, () => this.getOrSet()],
    [5, () => this.getOrSetMany()],
  ];
  private readonly writing: readonly Deed[] = [
    [4, () => this.set()],
    [1, () => this.setMany()],
    [3, () => this.delete()],
    [3, () => this.overtake()],
    [0.8, () => this.invalidateTag()],
    [0.4, () => this.invalidateNamespace()],
    [0.4, () => this.clear()],
    [1, () => this.expire()],
  ];
  private readonly foreign: readonly Deed[] = [
    [1, () => this.foreignSet()],
    [1, () => this.foreignDelete()],
    [0.1, () => this.flushAll()],
  ];

  /** @param namespace of the application; left out: what is stored is not where anybody else could get at it */
  constructor(
    seed: number,
    private readonly cache: CacheService,
    private readonly database: Database,
    private readonly diary: DiaryKeeper,
    private readonly namespace?: string,
  ) {
    this.chance = random(seed);
  }

  /** From `quietFrom` on it writes nothing: whatever is there stays there, and shows. */
  async go(quietFrom: number, until: number): Promise<void> {
    const foreign = this.namespace === undefined ? [] : this.foreign;
    await this.does([...this.reading, ...this.making, ...this.writing, ...foreign], quietFrom);
    await this.does([...this.reading, ...this.making], until);
  }

  /** Reads every key in three ways. */
  async readAll(): Promise<void> {
    for (const key of SHELF) {
      await this.peek(key);
      await this.get(key);
    }
    await this.getMany(SHELF);
  }

  private async does(deeds: readonly Deed[], until: number): Promise<void> {
    const all = deeds.reduce((sum, [times]) => sum + times, 0);
    while (monotonic() < until) {
      let at = this.chance.next() * all;
      const found = deeds.find(([times]) => (at -= times) < 0);
      await found?.[1]();
      await pause(this.chance.next() * PAUSE_MS);
    }
  }

  private async peek(key = this.anyKey()): Promise<void> {
    await this.diary.watch('peek', async () => {
      const begun = monotonic();
      this.noteRead('peek', key, spaceOf(this.cache, key).peek<Shelved>(key.key), begun);
    });
  }

  private async get(key = this.anyKey()): Promise<void> {
    await this.diary.watch('get', async () => {
      const begun = monotonic();
      this.noteRead('get', key, await spaceOf(this.cache, key).get<Shelved>(key.key), begun);
    });
  }

  private async getMany(all = this.someKeys()): Promise<void> {
    for (const keys of grouped(all, ({ space }) => space)) {
      await this.diary.watch('getMany', async () => {
        const begun = monotonic();
        const values = await spaceOf(this.cache, keys[0]).getMany<Shelved>(keys.map(({ key }) => key));
        keys.forEach((key, at) => this.noteRead('getMany', key, values[at], begun));
      });
    }
  }

  private async getOrSet(key = this.anyKey(), workMs = this.someWork()): Promise<void> {
    const options = this.keeping(key);
    await this.diary.watch('getOrSet', async () => {
      const begun = monotonic();
      // It may run on behind our back, where what is stale will do.
      const factory = async (): Promise<Shelved> => {
        const version = await this.database.read(key.id);
        if (workMs > 0) await pause(workMs);
        this.diary.filled({ key: key.id, version, begun });
        return { id: key.id, version };
      };
      const value = await spaceOf(this.cache, key).getOrSet(key.key, factory, options);
      this.noteRead('getOrSet', key, value, begun);
    });
  }

  /** What it makes is old before it is made. */
  private async overtake(): Promise<void> {
    const key = this.anyKey();
    await this.delete(key);
    const overtaken = this.getOrSet(key, OVERTAKEN_MS);
    await pause(OVERTAKEN_MS * this.chance.next());
    await Promise.all([overtaken, this.delete(key)]);
  }

  private async getOrSetMany(): Promise<void> {
    for (const keys of grouped(this.someKeys(), ({ space, tags }) => `${space} ${tags.join()}`)) {
      const options = this.keeping(keys[0]);
      await this.diary.watch('getOrSetMany', async () => {
        const begun = monotonic();
        const idOf = new Map(keys.map(({ key, id }) => [key, id]));
        const factory = async (missing: readonly string[]): Promise<Shelved[]> => {
          const ids = missing.map((key) => idOf.get(key) ?? '');
          const versions = await this.database.readMany(ids);
          const values = ids.map((id, at) => ({ id, version: versions[at] ?? 0 }));
          for (const { id, version } of values) this.diary.filled({ key: id, version, begun });
          return values;
        };
        const names = keys.map(({ key }) => key);
        const values = await spaceOf(this.cache, keys[0]).getOrSetMany(names, factory, options);
        keys.forEach((key, at) => this.noteRead('getOrSetMany', key, values[at], begun));
      });
    }
  }

  private async set(): Promise<void> {
    const key = this.anyKey();
    await this.write('set', [key], true, ([version]) =>
      spaceOf(this.cache, key).set(key.key, { id: key.id, version }, this.keeping(key)),
    );
  }

  private async setMany(): Promise<void> {
    for (const keys of grouped(this.someKeys(), ({ space, tags }) => `${space} ${tags.join()}`)) {
      await this.write('setMany', keys, true, (versions) => {
        const entries = keys.map(({ id, key }, at) => [key, { id, version: versions[at] }] as const);
        return spaceOf(this.cache, keys[0]).setMany(entries, this.keeping(keys[0]));
      });
    }
  }

  private async delete(key = this.anyKey()): Promise<void> {
    await this.write('delete', [key], false, async () => {
      // True: there was one, and it is gone. False may mean anything.
      return (await spaceOf(this.cache, key).delete(key.key)) || undefined;
    });
  }

  private async invalidateTag(): Promise<void> {
    const tag = TAGS[this.chance.below(TAGS.length)] ?? '';
    const keys = SHELF.filter(({ tags }) => tags.includes(tag));
    await this.write('invalidateTags', keys, false, () => this.cache.invalidateTags(tag));
  }

  private async invalidateNamespace(): Promise<void> {
    const keys = SHELF.filter(({ space }) => space === 'namespace');
    const namespace: CacheNamespace = this.cache.namespace(NAMESPACE);
    await this.write('invalidate', keys, false, () => namespace.invalidate());
  }

  private async clear(): Promise<void> {
    const keys = SHELF.filter(({ isForeign }) => !isForeign);
    await this.write('clear', keys, false, () => this.cache.clear());
  }

  private async expire(): Promise<void> {
    const key = this.anyKey();
    const ttl = this.chance.next() < 0.5 ? '0ms' : '2s';
    await this.diary.watch('expire', () => spaceOf(this.cache, key).expire(key.key, ttl));
  }

  private async foreignSet(): Promise<void> {
    const key = this.anyKey(({ isForeign }) => isForeign);
    await this.writeForeign('foreign set', [key], true, async ([version]) => {
      const text = JSON.stringify({ id: key.id, version });
      await this.database.redis.set(entryName(this.namespace ?? '', key), text, 'EX', 60);
    });
  }

  private async foreignDelete(): Promise<void> {
    const key = this.anyKey();
    await this.writeForeign('foreign delete', [key], false, async () => {
      await this.database.redis.del(entryName(this.namespace ?? '', key));
    });
  }

  private async flushAll(): Promise<void> {
    await this.writeForeign('FLUSHALL', SHELF, false, () => this.database.flushAll());
  }

  private async writeForeign(
    how: string,
    keys: readonly ShelfKey[],
    stores: boolean,
    work: (versions: readonly number[]) => Promise<void>,
  ): Promise<void> {
    const done = (versions: readonly number[]): Promise<true> => work(versions).then(() => true);
    await this.write(how, keys, stores, done, FOREIGN);
  }

  /** The database first, then the cache. */
  private async write(
    how: string,
    keys: readonly ShelfKey[],
    stores: boolean,
    work: (versions: readonly number[]) => Promise<unknown>,
    by?: number,
  ): Promise<void> {
    await this.diary.watch(how, async () => {
      const versions = await this.database.write(keys.map(({ id }) => id));
      const begun = monotonic();
      const answer = await work(versions.map(([, version]) => version));
      const done = typeof answer === 'boolean' ? answer : undefined;
      this.diary.wrote({ how, versions, stores, done, begun }, by);
    });
  }

  private noteRead(how: string, { id }: ShelfKey, value: Shelved | undefined, begun: number): void {
    if (value && value.id !== id)
      this.diary.wrong(how, `the value of ${value.id} was found as that of ${id}`);
    this.diary.read({ how, key: id, version: value?.version, begun });
  }

  /** Mostly the one that all turn to at this moment, so that they get in each other's way, and leave it alone later. */
  private anyKey(isWanted: (key: ShelfKey) => boolean = () => true): ShelfKey {
    const hot = SHELF[Math.floor(monotonic() / HOT_MS) % SHELF.length];
    if (hot && isWanted(hot) && this.chance.next() < 0.6) return hot;
    const keys = SHELF.filter(isWanted);
    return keys[this.chance.below(keys.length)] as ShelfKey;
  }

  private someWork(): number {
    return this.chance.next() < 0.5 ? LONGEST_WORK_MS * this.chance.next() : 0;
  }

  private someKeys(): readonly ShelfKey[] {
    return SHELF.filter(() => this.chance.next() < 0.4);
  }

  private keeping({ tags }: ShelfKey): SetOptions & GetOrSetOptions<Shelved> & { ttl: string } {
    const isShort = this.chance.next() < 0.3;
    return { tags, ttl: isShort ? '60ms' : '30s', ...(isShort && { grace: '5s' }) };
  }
}

/** What one call can be about: keys of which these texts are the same. At least one each. */
function grouped(
  keys: readonly ShelfKey[],
  by: (key: ShelfKey) => string,
): readonly (readonly [ShelfKey, ...ShelfKey[]])[] {
  const groups = new Map<string, [ShelfKey, ...ShelfKey[]]>();
  for (const key of keys) {
    const group = groups.get(by(key));
    if (group) group.push(key);
    else groups.set(by(key), [key]);
  }
  return [...groups.values()];
}
