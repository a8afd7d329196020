import { everyBit, type KeyHash } from '../../cache/filter/filter.hash.js';
import type { FilterShape } from '../../cache/filter/filter.shape.js';
import type { FilterBits, FilterBuild, FilterState, FilterStore } from '../../cache/filter/filter.store.js';
import { Bitmap } from './embedded-filter.bitmap.js';

interface Filter {
  readonly shape: FilterShape;
  ready: Bitmap | undefined;
  next: Bitmap | undefined;
}

/** By shape: what is under one name. */
type Shapes = Map<string, Filter>;

/** Bloom filters in the memory of this process. */
export class EmbeddedFilterStore implements FilterStore {
  private readonly filters = new Map<string, Shapes>();

  open(path: readonly string[], shape: FilterShape): FilterBits {
    const name = JSON.stringify(path);
    const shapes: Shapes = this.filters.get(name) ?? new Map<string, Filter>();
    this.filters.set(name, shapes);
    const text = `${shape.bits}x${shape.hashes}`;
    const filter: Filter = shapes.get(text) ?? { shape, ready: undefined, next: undefined };
    shapes.set(text, filter);
    return new EmbeddedFilterBits(shapes, filter);
  }

  /** Forgets the bits of all filters. */
  close(): void {
    for (const shapes of this.filters.values()) forget(shapes);
  }
}

class EmbeddedFilterBits implements FilterBits {
  constructor(
    private readonly shapes: Shapes,
    private readonly filter: Filter,
  ) {}

  contains(keys: readonly KeyHash[]): Promise<readonly boolean[]> {
    const { ready, shape } = this.filter;
    return Promise.resolve(keys.map((key) => !ready || everyBit(key, shape, (bit) => ready.has(bit))));
  }

  add(keys: readonly KeyHash[]): Promise<void> {
    for (const { ready, next, shape } of this.shapes.values()) {
      if (ready) set(ready, shape, keys);
      if (next) set(next, shape, keys);
    }
    return Promise.resolve();
  }

  build(): Promise<FilterBuild | undefined> {
    if (this.filter.next) return Promise.resolve(undefined);
    const next = new Bitmap();
    this.filter.next = next;
    return Promise.resolve(new EmbeddedFilterBuild(this.filter, next));
  }

  look(): Promise<FilterState> {
    const { ready, next } = this.filter;
    return Promise.resolve({
      ready: ready !== undefined,
      building: next !== undefined,
      set: ready?.set ?? 0,
    });
  }

  clear(): Promise<void> {
    forget(this.shapes);
    return Promise.resolve();
  }
}

class EmbeddedFilterBuild implements FilterBuild {
  constructor(
    private readonly filter: Filter,
    private readonly next: Bitmap,
  ) {}

  add(keys: readonly KeyHash[]): Promise<boolean> {
    if (!this.there) return Promise.resolve(false);
    set(this.next, this.filter.shape, keys);
    return Promise.resolve(true);
  }

  complete(): Promise<boolean> {
    if (!this.there) return Promise.resolve(false);
    this.filter.ready = this.next;
    this.filter.next = undefined;
    return Promise.resolve(true);
  }

  abandon(): Promise<void> {
    if (this.there) this.filter.next = undefined;
    return Promise.resolve();
  }

  private get there(): boolean {
    return this.filter.next === this.next;
  }
}

function set(bitmap: Bitmap, shape: FilterShape, keys: readonly KeyHash[]): void {
  for (const key of keys) everyBit(key, shape, (bit) => bitmap.add(bit));
}

function forget(shapes: Shapes): void {
  for (const filter of shapes.values()) {
    filter.ready = undefined;
    filter.next = undefined;
  }
}
