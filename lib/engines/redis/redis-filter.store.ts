import type { KeyHash } from '../../cache/filter/filter.hash.js';
import type { FilterShape } from '../../cache/filter/filter.shape.js';
import type { FilterBits, FilterBuild, FilterState, FilterStore } from '../../cache/filter/filter.store.js';
import { systemClock, type Clock } from '../../common/clock.js';
import { TickBatch } from '../../common/tick-batch.js';
import { RedisFilterBuild } from './redis-filter.build.js';
import { filterKeys, type FilterKeys } from './redis-filter.keys.js';
import { inCalls } from './redis-filter.calls.js';
import type { RedisLink } from './redis-link.js';
import { FILTER_ADD } from './scripts/filter-add.lua.js';
import { FILTER_ASK } from './scripts/filter-ask.lua.js';

/** A filter that nobody has used for so long is rubbish of an old version of the application. */
export const FILTER_KEPT_MS = 30 * 86_400_000;

/** How often a process that only asks says that the filter is in use. */
const TOUCH_MS = 86_400_000;

/** What is counted at once; Redis does nothing else meanwhile. */
const COUNTED_BYTES = 4 * 1_024 * 1_024;

/** Bytes in front of the bits. */
const HEADER_BYTES = 16;

/** Bloom filters on Redis, each a bitmap that all processes share. */
export class RedisFilterStore implements FilterStore {
  /**
   * @param namespace first part of every key
   * @param asking what questions go through: it may give up sooner than what changes a filter
   */
  constructor(
    private readonly link: RedisLink,
    private readonly namespace: string,
    private readonly asking: Pick<RedisLink, 'run'> = link,
    private readonly clock: Clock = systemClock,
  ) {}

  open(path: readonly string[], shape: FilterShape): FilterBits {
    const keys = filterKeys(this.namespace, path, shape);
    return new RedisFilterBits(this.link, this.asking, keys, shape, this.clock);
  }
}

class RedisFilterBits implements FilterBits {
  private readonly asks: TickBatch<KeyHash, boolean>;
  private readonly adds: TickBatch<KeyHash, unknown>;
  private touchedAt = -Infinity;

  constructor(
    private readonly link: RedisLink,
    private readonly asking: Pick<RedisLink, 'run'>,
    private readonly keys: FilterKeys,
    private readonly shape: FilterShape,
    private readonly clock: Clock,
  ) {
    this.asks = new TickBatch((hashes) => this.ask(hashes));
    this.adds = new TickBatch((hashes) => this.send(hashes));
  }

  contains(keys: readonly KeyHash[]): Promise<readonly boolean[]> {
    return this.asks.addAll(keys);
  }

  async add(keys: readonly KeyHash[]): Promise<void> {
    await this.adds.addAll(keys);
  }

  build(): Promise<FilterBuild | undefined> {
    return RedisFilterBuild.begin(this.link, this.keys, this.shape, this.clock, FILTER_KEPT_MS);
  }

  async look(): Promise<FilterState> {
    const { filter, building } = this.keys;
    const [header, begun] = await this.link.command((redis) =>
      Promise.all([redis.getrange(filter, 0, 0), redis.exists(building)]),
    );
    const ready = header === '1';
    return { ready, building: begun === 1, set: ready ? await this.count() : 0 };
  }

  async clear(): Promise<void> {
    const { name, filter, building } = this.keys;
    const shapes = await this.link.command((redis) => redis.smembers(name));
    const others = shapes.flatMap((shape) => [`${name}:${shape}`, `${name}:${shape}:next`]);
    await this.link.command((redis) => redis.unlink(filter, building, ...others, name));
  }

  private async ask(hashes: readonly KeyHash[]): Promise<readonly boolean[]> {
    const { bits, hashes: each } = this.shape;
    const calls = inCalls(hashes, this.shape).map(async ({ args, count }) => {
      const answers = await this.asking.run(FILTER_ASK, [this.keys.filter], [bits, each, ...args]);
      if (answers !== '') this.touch();
      return Array.from({ length: count }, (_, at) => answers === '' || (answers as string)[at] === '1');
    });
    return (await Promise.all(calls)).flat();
  }

  private send(hashes: readonly KeyHash[]): Promise<readonly unknown[]> {
    const { name, shape, filter, building } = this.keys;
    const calls = inCalls(hashes, this.shape).map(({ args }) =>
      this.link.run(FILTER_ADD, [name, filter, building], [shape, FILTER_KEPT_MS, ...args]),
    );
    return Promise.all(calls);
  }

  private async count(): Promise<number> {
    const bytes = this.shape.bits / 8;
    let set = 0;
    for (let from = 0; from < bytes; from += COUNTED_BYTES) {
      const first = HEADER_BYTES + from;
      set += await this.link.command((redis) =>
        redis.bitcount(this.keys.filter, first, first + COUNTED_BYTES - 1),
      );
    }
    return set;
  }

  /** Says that it is in use; not with every question, for that is a write, which goes to replicas and to the disk. */
  private touch(): void {
    const now = this.clock.now();
    if (now - this.touchedAt < TOUCH_MS) return;
    this.touchedAt = now;
    const { name, shape, filter } = this.keys;
    this.link
      .command((redis) =>
        Promise.all([
          redis.pexpire(filter, FILTER_KEPT_MS),
          redis.sadd(name, shape),
          redis.pexpire(name, FILTER_KEPT_MS),
        ]),
      )
      .catch(() => (this.touchedAt = -Infinity));
  }
}
