import type { Clock } from '../../../lib/common/clock.js';

/** How long, in ms, and with what tags. */
export interface Keeping {
  readonly ttl: number;
  readonly grace: number;
  readonly tags: readonly string[];
}

interface Kept extends Keeping {
  readonly space: string;
  readonly key: string;
  readonly value: number;
  readonly freshUntil: number;
}

/** What a cache should do, as plainly as can be. A space is the path of a namespace, '' for the cache itself. */
export class PlainCache {
  private kept: Kept[] = [];

  constructor(private readonly clock: Clock) {}

  get(space: string, key: string): number | undefined {
    return this.fresh(space, key)?.value;
  }

  /** Until when it is fresh. */
  end(space: string, key: string): number | undefined {
    return this.fresh(space, key)?.freshUntil;
  }

  set(space: string, key: string, value: number, keeping: Keeping): void {
    this.delete(space, key);
    if (keeping.ttl === 0) return;
    this.kept.push({ ...keeping, space, key, value, freshUntil: this.clock.now() + keeping.ttl });
  }

  /** What is made is stored even while a stale value answers. */
  getOrSet(space: string, key: string, value: number, keeping: Keeping): number {
    const fresh = this.fresh(space, key);
    if (fresh) return fresh.value;
    const found = this.find(space, key);
    const isServed = found && found.freshUntil + keeping.grace > this.clock.now();
    if (keeping.ttl > 0) this.set(space, key, value, keeping);
    return isServed ? found.value : value;
  }

  expire(space: string, key: string, ttl: number): boolean {
    const found = this.fresh(space, key);
    if (!found) return false;
    this.delete(space, key);
    this.kept.push({ ...found, freshUntil: this.clock.now() + ttl });
    return true;
  }

  increment(space: string, key: string, by: number, ttl: number): number {
    const found = this.fresh(space, key);
    if (!found) {
      this.set(space, key, by, { ttl, grace: 0, tags: [] });
      return by;
    }
    this.delete(space, key);
    const value = found.value + by;
    this.kept.push({ ...found, value });
    return value;
  }

  delete(space: string, key: string): boolean {
    return this.remove((kept) => kept.space === space && kept.key === key) > 0;
  }

  deleteBeginning(space: string, beginning: string): number {
    return this.remove((kept) => kept.space === space && kept.key.startsWith(beginning));
  }

  invalidateTags(tags: readonly string[]): void {
    this.remove((kept) => kept.tags.some((tag) => tags.includes(tag)));
  }

  clear(space: string): void {
    this.remove((kept) => `${kept.space}/`.startsWith(space === '' ? '' : `${space}/`));
  }

  private fresh(space: string, key: string): Kept | undefined {
    const found = this.find(space, key);
    return found && found.freshUntil > this.clock.now() ? found : undefined;
  }

  private find(space: string, key: string): Kept | undefined {
    this.remove(({ freshUntil, grace }) => freshUntil + grace <= this.clock.now());
    return this.kept.find((kept) => kept.space === space && kept.key === key);
  }

  private remove(wanted: (kept: Kept) => boolean): number {
    const now = this.clock.now();
    const removed = this.kept.filter(wanted);
    this.kept = this.kept.filter((kept) => !wanted(kept));
    return removed.filter(({ freshUntil, grace }) => freshUntil + grace > now).length;
  }
}
