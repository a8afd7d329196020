import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks';

/** Milliseconds. */
export interface CacheLatency {
  /** How many were measured. */
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** What happened since the application started, in this process. */
export interface CacheCounts {
  /** Answers from the cache, stale ones included. */
  readonly hits: number;
  /** Of these, by this process's memory. */
  readonly memoryHits: number;
  /** Of these, stale. */
  readonly staleHits: number;
  readonly misses: number;
  /** Hits of all that were asked for, 0 to 1; 0 before anything was. */
  readonly ratio: number;
  readonly factoryCalls: number;
  readonly factoryErrors: number;
  readonly latency: {
    /** Of one hit in 64. */
    readonly memory: CacheLatency;
    /** Of reading from the engine, by those who waited for it. */
    readonly store: CacheLatency;
    readonly factory: CacheLatency;
  };
}

export interface CacheStats extends CacheCounts {
  /** By group, which is what `group` says of a key; the groups beyond the first 64 are counted together as `*`. */
  readonly groups: Readonly<Record<string, CacheCounts>>;
  /** What this process has in memory. */
  readonly entries: number;
  readonly bytes: number;
}

const MOST_GROUPS = 64;
const THE_REST = '*';

/** Every so many hits in memory one is measured: looking at the clock twice takes longer than the hit. */
const SAMPLE = 64;

/** In ns: up to 100 s, to two figures, which takes some 30 kB. */
const SHAPE = { lowest: 1, highest: 100_000_000_000, figures: 2 };

type Measured = 'memory' | 'store' | 'factory';

/** Counts for the keys of a group, or of all. */
export class GroupCounters {
  memoryHits = 0;
  storeHits = 0;
  staleHits = 0;
  misses = 0;
  factoryCalls = 0;
  factoryErrors = 0;
  private readonly histograms: Partial<Record<Measured, RecordableHistogram>> = {};

  took(what: Measured, ms: number): void {
    const histogram = (this.histograms[what] ??= createHistogram(SHAPE));
    histogram.record(Math.min(Math.max(1, Math.round(ms * 1e6)), SHAPE.highest));
  }

  add(other: GroupCounters): void {
    this.memoryHits += other.memoryHits;
    this.storeHits += other.storeHits;
    this.staleHits += other.staleHits;
    this.misses += other.misses;
    this.factoryCalls += other.factoryCalls;
    this.factoryErrors += other.factoryErrors;
    for (const what of ['memory', 'store', 'factory'] as const) {
      const histogram = other.histograms[what];
      if (histogram) (this.histograms[what] ??= createHistogram(SHAPE)).add(histogram);
    }
  }

  counts(): CacheCounts {
    const hits = this.memoryHits + this.storeHits;
    const asked = hits + this.misses;
    const { memoryHits, staleHits, misses, factoryCalls, factoryErrors } = this;
    return {
      hits,
      memoryHits,
      staleHits,
      misses,
      ratio: asked === 0 ? 0 : hits / asked,
      factoryCalls,
      factoryErrors,
      latency: {
        memory: latency(this.histograms.memory),
        store: latency(this.histograms.store),
        factory: latency(this.histograms.factory),
      },
    };
  }
}

/** Counts hits, misses and what they take, by group of keys. */
export class CacheCounters {
  private readonly groups = new Map<string, GroupCounters>();
  private untilSample = SAMPLE;

  constructor(private readonly groupOf: (key: string) => string) {}

  of(key: string): GroupCounters {
    const group = this.groupOf(key);
    return this.groups.get(group) ?? this.begin(group);
  }

  /** When a hit in memory began, if this is one of those that are measured; else 0. */
  sample(): number {
    if (--this.untilSample > 0) return 0;
    this.untilSample = SAMPLE;
    return performance.now();
  }

  stats(size: { readonly entries: number; readonly bytes: number }): CacheStats {
    const all = new GroupCounters();
    for (const group of this.groups.values()) all.add(group);
    const groups = Object.fromEntries([...this.groups].map(([name, group]) => [name, group.counts()]));
    return { ...all.counts(), groups, entries: size.entries, bytes: size.bytes };
  }

  private begin(name: string): GroupCounters {
    const group = this.groups.size < MOST_GROUPS ? name : THE_REST;
    const counters = this.groups.get(group) ?? new GroupCounters();
    this.groups.set(group, counters);
    return counters;
  }
}

function latency(histogram: RecordableHistogram | undefined): CacheLatency {
  if (!histogram || histogram.count === 0) return { count: 0, p50: 0, p95: 0, p99: 0, max: 0 };
  const at = (percent: number): number => histogram.percentile(percent) / 1e6;
  return { count: histogram.count, p50: at(50), p95: at(95), p99: at(99), max: histogram.max / 1e6 };
}
