import { CACHE_DELETE } from '../scripts/cache-write.lua.js';
import { CACHE_INVALIDATE } from '../scripts/cache-invalidate.lua.js';
import type { CacheLink } from './cache-link.js';
import type { SpaceKeys } from './cache-keys.js';
import { pairs, pick, type Place } from './cache-parts.js';

/** More are not remembered one by one. */
const MOST_PLACES = 10_000;

/** What should have gone from a cache while Redis was away, or may have, and is removed before anything is read again. */
export class Amends {
  private readonly places = new Map<string, Place>();
  private readonly epochs = new Set<string>();

  constructor(
    private readonly root: SpaceKeys,
    private readonly news: string,
  ) {}

  get isEmpty(): boolean {
    return this.places.size === 0 && this.epochs.size === 0;
  }

  remember(places: readonly Place[]): void {
    for (const place of places) this.places.set(place.entry, place);
    if (this.places.size > MOST_PLACES) this.rememberEpochs([this.root.epoch]);
  }

  rememberEpochs(keys: readonly string[]): void {
    for (const key of keys) this.epochs.add(key);
    // All of the cache goes. Except what somebody else wrote: that has no epoch.
    if (this.epochs.has(this.root.epoch) && this.places.size > MOST_PLACES) this.places.clear();
  }

  /** What can't be done stays. @throws EngineUnavailableError */
  async make(link: CacheLink): Promise<void> {
    const epochs = [...this.epochs];
    for (const group of link.slots.groups(epochs)) {
      await link.run(CACHE_INVALIDATE, pick(epochs, group), [this.news]);
    }
    for (const key of epochs) this.epochs.delete(key);
    const places = [...this.places.values()];
    await link.each(
      places.map(({ entry }) => entry),
      async (group) => {
        const some = pick(places, group);
        await link.run(CACHE_DELETE, pairs(some), [this.news]);
        for (const { entry } of some) this.places.delete(entry);
        return some;
      },
    );
  }
}
