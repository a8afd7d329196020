import { DepotConfigError, show } from '../common/errors.js';
import { TickBatch } from '../common/tick-batch.js';
import type { Lookup } from './cache.lookup.js';
import type { GetOrSetOptions } from './cache.options.js';
import type { CacheParts } from './cache.parts.js';
import type { CachePolicy } from './cache.policy.js';
import type { Order } from './cache.factories.js';
import { claimRequests } from './cache.productions.js';
import type { CacheEntry, CacheLease, CacheStore } from './cache.store.js';
import type { CacheFilter } from './filter/cache.filter.js';

/** Gets the keys of what is missing; returns their values in the same order, `undefined` for none. */
export type ManyFactory<T> = (
  keys: readonly string[],
) => Promise<readonly (T | undefined)[]> | readonly (T | undefined)[];

interface ManyOrder<T> {
  readonly keys: readonly string[];
  readonly factory: ManyFactory<T>;
  readonly options: GetOrSetOptions<T>;
  readonly policy: CachePolicy;
}

/**
 * Answers from this process's memory what it can, asks the store for the rest and claims what is missing there in one round
 * trip, and has it made in one call. What is being made by others, or is stale, goes the way of single keys, together.
 */
export class ManyLookup {
  constructor(
    private readonly store: CacheStore,
    private readonly lookup: Lookup,
    private readonly parts: CacheParts,
  ) {}

  async getOrMake<T>(order: ManyOrder<T>): Promise<(T | undefined)[]> {
    const known = new Map<string, unknown>();
    const missing: string[] = [];
    for (const key of new Set(order.keys)) {
      const found = this.lookup.peek(key);
      if (found === undefined) missing.push(key);
      else known.set(key, found);
    }
    if (missing.length > 0) await this.findOrMake(order, missing, known);
    // A key that was asked for twice has one value, which is handed out twice.
    return order.keys.map((key) => known.get(key) as T | undefined);
  }

  private async findOrMake<T>(
    order: ManyOrder<T>,
    keys: readonly string[],
    known: Map<string, unknown>,
  ): Promise<void> {
    const stale = new Map<string, CacheEntry | undefined>();
    const granted = await this.claim(order, keys, known, stale);
    const single = this.singleOf(order);
    const alone = [...stale].map(async ([key, entry]) =>
      known.set(key, await this.lookup.findOrMake(single(key), entry)),
    );
    await Promise.all([this.make(order, granted, known), ...alone]);
  }

  /** What the store has, and leases of what it has not and nobody is making; what is left are the others. */
  private async claim<T>(
    order: ManyOrder<T>,
    keys: readonly string[],
    known: Map<string, unknown>,
    others: Map<string, CacheEntry | undefined>,
  ): Promise<Map<string, CacheLease | undefined>> {
    const granted = new Map<string, CacheLease | undefined>();
    const [first = ''] = keys;
    const begun = performance.now();
    const requests = claimRequests(keys, order.options.tags);
    const claims = await this.parts.reads.attempt(first, () => this.store.claim(requests));
    this.parts.counters.of(first).took('store', performance.now() - begun);
    keys.forEach((key, at) => {
      const claim = claims?.[at];
      if (claim === undefined || claim.kind === 'granted') {
        this.lookup.missed(key);
        granted.set(key, claim?.lease);
        return;
      }
      const found = claim.kind === 'found' ? this.lookup.found(key, claim.entry) : undefined;
      if (found === undefined) others.set(key, claim.kind === 'found' ? claim.entry : undefined);
      else known.set(key, found);
    });
    return granted;
  }

  /** The same order for one of its keys. Those that come to be made together are made in one call. */
  private singleOf<T>({ factory, options, policy }: ManyOrder<T>): (key: string) => Order<T | undefined> {
    const calls = new TickBatch((keys: readonly string[]) => call(factory, keys));
    return (key) => ({
      store: this.store,
      key,
      factory: () => calls.add(key),
      options: options as Order<T | undefined>['options'],
      policy,
    });
  }

  private async make<T>(
    order: ManyOrder<T>,
    leases: Map<string, CacheLease | undefined>,
    known: Map<string, unknown>,
  ): Promise<void> {
    if (order.options.filter) await this.dropImpossible(order.options.filter, leases, known);
    const keys = [...leases.keys()];
    const [first] = keys;
    if (first === undefined) return;
    const { productions } = this.parts;
    const factory = (): Promise<readonly (T | undefined)[]> => call(order.factory, keys);
    const values = await productions.makeMany(this.singleOf(order)(first), factory, leases);
    keys.forEach((key, at) => {
      const value = values[at];
      if (value) known.set(key, this.lookup.hand(value));
    });
  }

  /** What the filter knows not to exist is `null`, and need not be made. */
  private async dropImpossible(
    filter: CacheFilter,
    leases: Map<string, CacheLease | undefined>,
    known: Map<string, unknown>,
  ): Promise<void> {
    await Promise.all(
      [...leases].map(async ([key, lease]) => {
        if (await filter.mightContain(key)) return;
        known.set(key, null);
        leases.delete(key);
        if (lease) await this.parts.writes.attempt(key, () => lease.release());
      }),
    );
  }
}

async function call<T>(
  factory: ManyFactory<T>,
  keys: readonly string[],
): Promise<readonly (T | undefined)[]> {
  const values: unknown = await factory(keys);
  if (Array.isArray(values) && values.length === keys.length) return values as readonly (T | undefined)[];
  const got = Array.isArray(values) ? `${values.length} values` : show(values);
  throw new DepotConfigError(
    `The factory of getOrSetMany returned ${got}; expected an array of ${keys.length}`,
  );
}
