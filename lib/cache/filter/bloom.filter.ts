import { EngineReplyError, show } from '../../common/errors.js';
import { checkKey } from '../../common/key.js';
import type { CacheFilter } from './cache.filter.js';
import { hashOf, type KeyHash } from './filter.hash.js';
import { filterShape, type FilterOptions, type FilterShape } from './filter.shape.js';
import { takeChunks, type KeySource } from './filter.source.js';
import type { FilterBits, FilterBuild, FilterStore } from './filter.store.js';

export interface FilterInfo extends FilterShape {
  /** As the options have it. */
  readonly capacity: number;
  /** As the options have it. */
  readonly errorRate: number;
  /** Whether it was built completely and is still there. Until then it says of everything that it might contain it. */
  readonly ready: boolean;
  /** Whether one is being built, by whatever process. */
  readonly building: boolean;
  /** Part of the bits that are set, 0 to 1; about half at capacity. */
  readonly fill: number;
  /** About how many keys were added. */
  readonly items: number;
  /** How many of the keys that were never added it takes for known as it is now: with more keys than it is made for, too many. */
  readonly currentErrorRate: number;
}

export interface RebuildOptions {
  /** Ends it; what was built so far is dropped. */
  readonly signal?: AbortSignal;
  /** Told now and then, and at the end, how many keys were added. */
  readonly onProgress?: (progress: { readonly added: number }) => void;
}

/** What a filter asks its engine through: a failure is `undefined`. */
export interface FilterReads {
  attempt<T>(key: string, work: () => Promise<T>): Promise<T | undefined>;
}

/** Keys that are sent at once. */
const CHUNK = 1_000;

/**
 * Knows of keys that they can't exist, so that nobody has to be asked about them. It never says so of one that was added;
 * of a few others (`errorRate`) it says that they may exist. All processes share it.
 *
 * Until it was built by `rebuild`, when it is lost, and when the engine does not answer, every key may exist.
 *
 * @example
 * const users = cache.filter('users', { capacity: 1_000_000 });
 * await users.rebuild(allUserIds());
 * await cache.getOrSet(id, () => load(id), { filter: users });   // null, and no load, for ids that were never given out
 */
export class BloomFilter implements CacheFilter {
  private readonly bits: FilterBits;
  private readonly shape: FilterShape;
  private readonly capacity: number;
  private readonly errorRate: number;
  private readonly place: string;

  /**
   * @param path cache, namespaces in it and name of the filter
   * @param reads reports when the engine does not answer
   * @throws DepotConfigError for a bad name, capacity or errorRate
   */
  constructor(
    store: FilterStore,
    path: readonly string[],
    options: FilterOptions,
    private readonly reads: FilterReads,
  ) {
    this.place = `filter ${show(checkKey(path.at(-1), 'name of a filter'))}`;
    this.shape = filterShape(options, this.place);
    this.capacity = options.capacity;
    this.errorRate = options.errorRate ?? 0.01;
    this.bits = store.open(path, this.shape);
  }

  /**
   * Adds keys, each at once. Add what has just been created, after it can be found where it is kept: a `rebuild` that
   * is under way sees it there, or it is added to what that builds.
   *
   * @throws EngineUnavailableError when the engine does not answer: the keys may be missing. Add them again, or `clear` the filter
   * @throws DepotConfigError for a bad key
   */
  async add(...keys: readonly string[]): Promise<void> {
    await this.addMany(keys);
  }

  /** The same for many, which are read as they are sent. @throws as `add` */
  async addMany(keys: Iterable<string>): Promise<void> {
    await takeChunks(keys, CHUNK, undefined, (chunk) => this.bits.add(chunk.map(toHash)));
  }

  /**
   * False: the key was never added. True: it may have been, or nobody knows.
   *
   * @throws DepotConfigError for a bad key
   */
  async mightContain(key: string): Promise<boolean> {
    const [answer = true] = await this.mightContainMany([key]);
    return answer;
  }

  /** The same of many, in order. @throws DepotConfigError for a bad key */
  async mightContainMany(keys: readonly string[]): Promise<boolean[]> {
    const hashes = keys.map(toHash);
    const answers = await this.reads.attempt(keys[0] ?? '', () => this.bits.contains(hashes));
    return answers ? [...answers] : keys.map(() => true);
  }

  /**
   * Builds the filter anew from all keys that exist, beside the old one, and puts it in its place when it is complete. What
   * is added meanwhile, by whatever process, is in both. Only so can keys leave the filter, and only so does it begin to answer.
   *
   * @returns false when it is being built already, by whatever process
   * @throws what the source and `onProgress` throw, and the reason of the signal; the old filter stays as it is then
   * @throws EngineUnavailableError when the engine does not answer
   * @throws EngineReplyError when what was built so far is lost: `clear`, FLUSHALL, no room in memory, half a minute without connection
   */
  async rebuild(source: KeySource, { signal, onProgress }: RebuildOptions = {}): Promise<boolean> {
    signal?.throwIfAborted();
    const build = await this.bits.build();
    if (!build) return false;
    try {
      await this.fill(build, source, signal, onProgress);
      this.check(await build.complete());
      return true;
    } catch (error) {
      await build.abandon();
      throw error;
    }
  }

  /** What it is and how full. @throws EngineUnavailableError when the engine does not answer */
  async info(): Promise<FilterInfo> {
    const { ready, building, set } = await this.bits.look();
    const { bits, hashes } = this.shape;
    const fill = Math.min(1, set / bits);
    // S. Swamidass, P. Baldi: "Mathematical Correction for Fingerprint Similarity Measures", 2007. Full, it tells nothing.
    const items = Math.round((bits / hashes) * -Math.log1p(-Math.min(fill, 1 - 1 / bits)));
    const { capacity, errorRate } = this;
    return {
      ...{ bits, hashes, capacity, errorRate, ready, building, fill, items },
      currentErrorRate: ready ? fill ** hashes : 1,
    };
  }

  /**
   * Forgets everything, and what is being built; every key may exist then.
   *
   * @throws EngineUnavailableError when the engine does not answer
   */
  clear(): Promise<void> {
    return this.bits.clear();
  }

  private async fill(
    build: FilterBuild,
    source: KeySource,
    signal: AbortSignal | undefined,
    onProgress: RebuildOptions['onProgress'],
  ): Promise<void> {
    let added = 0;
    await takeChunks(source, CHUNK, signal, async (chunk) => {
      this.check(await build.add(chunk.map(toHash)));
      added += chunk.length;
      onProgress?.({ added });
    });
  }

  private check(there: boolean): void {
    if (there) return;
    throw new EngineReplyError(
      `What was built of ${this.place} is lost: it was cleared, flushed or evicted, or the engine was away for too long. Build it again`,
    );
  }
}

function toHash(key: string): KeyHash {
  return hashOf(checkKey(key, 'key of a filter'));
}
