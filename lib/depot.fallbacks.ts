import type { CacheFallback } from './cache/cache.options.js';
import type { CacheEngine } from './cache/cache.store.js';
import { DepotConfigError, toError } from './common/errors.js';
import type { DepotLogger } from './common/logger.js';
import type { Engine } from './engines/engine.js';

/** Further Redis servers, on which caches fall back while the first one is away: one engine for each. */
export class FallbackEngines {
  private readonly engines = new Map<string, Engine>();
  private isOpen = false;

  constructor(
    private readonly create: (redis: string) => Promise<Engine>,
    private readonly logger: DepotLogger,
  ) {}

  /** Makes the engines that these need; to be called before `get`. */
  async prepare(fallback: readonly CacheFallback[] = []): Promise<void> {
    for (const place of fallback) {
      if (place === 'memory' || this.engines.has(place.redis)) continue;
      const engine = await this.create(place.redis);
      this.engines.set(place.redis, engine);
      if (this.isOpen) this.connect(engine);
    }
  }

  get(redis: string): CacheEngine {
    const engine = this.engines.get(redis);
    if (engine) return engine.cache;
    throw new DepotConfigError('cache.fallback names a Redis that was not prepared');
  }

  /** Connects, behind the caller's back: an application starts without what it would only fall back on. */
  open(): void {
    this.isOpen = true;
    for (const engine of this.engines.values()) this.connect(engine);
  }

  async close(): Promise<void> {
    await Promise.all([...this.engines.values()].map((engine) => engine.close()));
  }

  private connect(engine: Engine): void {
    engine.open().catch((thrown: unknown) => {
      this.logger.warn(`A fallback of the cache can't be reached yet: ${toError(thrown).message}`);
    });
  }
}
