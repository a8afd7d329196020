import { encode } from '../common/codec.js';
import { show, toError } from '../common/errors.js';
import type { DepotLogger } from '../common/logger.js';
import type { Audience } from './cache.audience.js';
import { writeFailure } from './cache.failure.js';
import { checkTags, lifetime } from './cache.lifetime.js';
import type { CacheFactory, GetOrSetOptions } from './cache.options.js';
import type { CacheParts } from './cache.parts.js';
import type { CachePolicy } from './cache.policy.js';
import type { CacheEntry, CacheLease, CacheStore, NewEntry } from './cache.store.js';
import { CachedValue } from './cache.value.js';

/** What is to be made, and how it is kept. */
export interface Order<T = unknown> {
  readonly store: CacheStore;
  readonly key: string;
  readonly factory: CacheFactory<T>;
  readonly options: GetOrSetOptions<T>;
  readonly policy: CachePolicy;
}

/** What a factory has brought, as it is stored; no `entry`: it is not to be. */
interface Made {
  readonly key: string;
  readonly text: string;
  readonly entry: NewEntry | undefined;
}

/** Runs factories, and keeps what they bring. */
export class Factories {
  constructor(private readonly parts: Omit<CacheParts, 'productions'>) {}

  /** Makes one value. */
  async run<T>(
    order: Order<T>,
    stale: CacheEntry | undefined,
    lease: CacheLease | undefined,
    audience: Audience,
  ): Promise<CachedValue> {
    const work = async (): Promise<readonly T[]> => [await this.call(order, stale, audience)];
    const [made] = await this.runMany(order, work, new Map([[order.key, lease]]));
    return made as CachedValue;
  }

  /** Has values of several keys made in one call, which brings them in the same order; keeps them, and tells of both. */
  async runMany<T>(
    order: Order<T>,
    factory: () => Promise<readonly T[]>,
    leases: ReadonlyMap<string, CacheLease | undefined>,
  ): Promise<readonly CachedValue[]> {
    const { counters, listeners, writes } = this.parts;
    const { key } = order;
    const group = counters.of(key);
    group.factoryCalls++;
    const begun = performance.now();
    try {
      const values = await factory();
      const tookMs = performance.now() - begun;
      group.took('factory', tookMs);
      // Before the first is stored all are known to be storable, so that no lease is told of success and failure.
      const all = Array.from(leases.keys(), (one, at) =>
        this.written({ ...order, key: one }, values[at] as T),
      );
      return all.map((made) => {
        // Nobody waits for it: whatever this process asks of the key from now on comes after it.
        void this.keep(made, leases.get(made.key)).then((stored) =>
          listeners.emit('made', { key: made.key, tookMs, stored }),
        );
        return new CachedValue(made.text);
      });
    } catch (error) {
      group.factoryErrors++;
      listeners.emit('factoryError', { key, error });
      const failure = writeFailure(error);
      const failed = [...leases].map(async ([one, lease]) => {
        if (lease) await writes.attempt(one, () => lease.fail(failure, order.policy.errorTtlMs));
      });
      await Promise.all(failed);
      throw error;
    }
  }

  private call<T>({ key, factory }: Order<T>, stale: CacheEntry | undefined, audience: Audience): Promise<T> {
    const old = stale && isReadable(stale, key, this.parts.logger) ? stale : undefined;
    return audience.attend(this.parts.closing, () =>
      factory({
        key,
        signal: audience.signal,
        get stale() {
          return old?.value.copy() as T | undefined;
        },
      }),
    );
  }

  private written<T>({ key, options, policy }: Order<T>, value: T): Made {
    const text = encode(value, `cache value ${show(key)}`);
    if (value === undefined || options.unless?.(value)) return { key, text, entry: undefined };
    const life = lifetime(value, policy, options.ttl);
    if (!life || !this.isSmall(key, text)) return { key, text, entry: undefined };
    const tags = typeof options.tags === 'function' ? checkTags(options.tags(value)) : (options.tags ?? []);
    return { key, text, entry: { text, tags, ...life } };
  }

  /** Says whether it was stored. */
  private async keep({ key, entry }: Made, lease: CacheLease | undefined): Promise<boolean> {
    if (!lease) return false;
    const { writes } = this.parts;
    if (entry) return (await writes.attempt(key, () => lease.fill(entry))) ?? false;
    await writes.attempt(key, () => lease.release());
    return false;
  }

  private isSmall(key: string, text: string): boolean {
    const { maxValueBytes } = this.parts.settings;
    const bytes = Buffer.byteLength(text);
    if (bytes <= maxValueBytes) return true;
    this.parts.logger.warn(
      `Cache value ${show(key)} is not stored: it has ${bytes} bytes, at most ${maxValueBytes} are allowed`,
    );
    return false;
  }
}

/** Whether it was written by us, or looks like it. */
export function isReadable(entry: CacheEntry, key: string, logger: DepotLogger): boolean {
  try {
    entry.value.check();
    return true;
  } catch (error) {
    logger.warn(`Cache value ${show(key)} is passed over: ${toError(error).message}`);
    return false;
  }
}
