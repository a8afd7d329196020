import { randomBytes } from 'node:crypto';
import type { KeyHash } from '../../cache/filter/filter.hash.js';
import type { FilterShape } from '../../cache/filter/filter.shape.js';
import type { FilterBuild } from '../../cache/filter/filter.store.js';
import type { Clock } from '../../common/clock.js';
import { inCalls } from './redis-filter.calls.js';
import type { FilterKeys } from './redis-filter.keys.js';
import type { RedisLink } from './redis-link.js';
import { FILTER_ABANDON, FILTER_BEGIN, FILTER_BUILD, FILTER_COMPLETE } from './scripts/filter-build.lua.js';

/** How long what a dead process was building is kept. */
export const BUILD_KEPT_MS = 30_000;

/** How often a builder whose source is slow shows that it is alive. */
const RENEW_MS = 10_000;

/** A filter that this process is building. What it writes says by whom it is, so that a lost one is noticed. */
export class RedisFilterBuild implements FilterBuild {
  private cancel: () => void = () => undefined;
  private ended = false;

  private constructor(
    private readonly link: RedisLink,
    private readonly keys: FilterKeys,
    private readonly shape: FilterShape,
    private readonly clock: Clock,
    private readonly keptMs: number,
    private readonly id: string,
  ) {}

  static async begin(
    link: RedisLink,
    keys: FilterKeys,
    shape: FilterShape,
    clock: Clock,
    keptMs: number,
  ): Promise<RedisFilterBuild | undefined> {
    const id = randomBytes(12).toString('base64url').slice(0, 15);
    const build = new RedisFilterBuild(link, keys, shape, clock, keptMs, id);
    const args = [keys.shape, id, shape.bits, BUILD_KEPT_MS, keptMs];
    if ((await link.run(FILTER_BEGIN, [keys.name, keys.building], args)) !== 1) return undefined;
    build.renewLater();
    return build;
  }

  async add(keys: readonly KeyHash[]): Promise<boolean> {
    const calls = inCalls(keys, this.shape).map(({ args }) => this.send(args));
    return (await Promise.all(calls)).every(Boolean);
  }

  async complete(): Promise<boolean> {
    const { filter, building } = this.keys;
    const done = await this.link.run(FILTER_COMPLETE, [filter, building], [this.id, this.keptMs]);
    this.end();
    return done === 1;
  }

  async abandon(): Promise<void> {
    this.end();
    // It expires otherwise.
    await this.link.run(FILTER_ABANDON, [this.keys.building], [this.id]).catch(() => undefined);
  }

  private async send(args: readonly number[]): Promise<boolean> {
    const { bits, hashes } = this.shape;
    const all = [this.id, BUILD_KEPT_MS, bits, hashes, ...args];
    return (await this.link.run(FILTER_BUILD, [this.keys.building], all)) === 1;
  }

  private renewLater(): void {
    this.cancel = this.clock.after(RENEW_MS, () => {
      // Whether it is still there is seen by the next one that adds.
      void this.send([])
        .catch(() => undefined)
        .then(() => {
          if (!this.ended) this.renewLater();
        });
    });
  }

  private end(): void {
    this.ended = true;
    this.cancel();
  }
}
