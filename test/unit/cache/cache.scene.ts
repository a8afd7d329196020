import { afterEach } from '@jest/globals';
import type { CacheOptions } from '../../../lib/cache/cache.options.js';
import { CacheRegistry } from '../../../lib/cache/cache.registry.js';
import type { CacheService } from '../../../lib/cache/cache.service.js';
import { cacheSettings, DEFAULT_CACHE } from '../../../lib/cache/cache.settings.js';
import { EmbeddedCacheEngine } from '../../../lib/engines/embedded/embedded-cache.engine.js';
import { Deferred } from '../../support/deferred.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { FragileCacheEngine, type Troubles } from './fragile-cache.engine.js';

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

/** A process with caches. */
export interface Process {
  readonly registry: CacheRegistry;
  /** The default cache. */
  readonly cache: CacheService;
  readonly logger: RecordingLogger;
  readonly troubles: Troubles;
}

export interface Scene extends Process {
  readonly clock: ManualClock;
  /** Another process that shares the engine, and knows nothing of what goes on in this one. */
  another(): Process;
  /** Text of the default cache that somebody else has written, whatever it is. */
  plant(key: string, text: string): Promise<void>;
}

const engines: EmbeddedCacheEngine[] = [];

/** The caches of a process whose time only the test moves. */
export function scene(options: CacheOptions = {}): Scene {
  const clock = new ManualClock();
  const engine = new EmbeddedCacheEngine(clock);
  engines.push(engine);
  const settings = cacheSettings(options, DEFAULT_CACHE, 'cache');
  const another = (): Process => {
    const logger = new RecordingLogger();
    const fragile = new FragileCacheEngine(engine);
    const memory = new EmbeddedCacheEngine(clock);
    engines.push(memory);
    const registry = new CacheRegistry({ engine: fragile, memory, clock, logger, settings });
    return { registry, cache: registry.get(), logger, troubles: fragile.troubles };
  };
  const plant = async (key: string, text: string): Promise<void> => {
    const entry = { key, text, freshMs: HOUR, graceMs: HOUR, tags: [] };
    await engine.open('default').write([entry]);
  };
  return { ...another(), clock, another, plant };
}

afterEach(() => {
  for (const engine of engines.splice(0)) engine.close();
});

/** A factory that says when it was called, and brings what the test gives it. */
export class Kitchen<T = string> {
  calls = 0;
  signal: AbortSignal | undefined;
  private readonly begun = new Deferred<undefined>();
  private readonly dish = new Deferred<T>();

  readonly factory = (context?: { readonly signal?: AbortSignal }): Promise<T> => {
    this.calls++;
    this.signal = context?.signal;
    this.begun.resolve(undefined);
    return this.dish.promise;
  };

  /** Resolves once it was called. */
  get busy(): Promise<unknown> {
    return this.begun.promise;
  }

  serve(value: T): void {
    this.dish.resolve(value);
  }

  burn(error: unknown): void {
    this.dish.reject(error);
  }
}

/** A factory that brings 1, 2, 3 and so on. */
export function counter(): (() => number) & { readonly calls: number } {
  let calls = 0;
  return Object.defineProperty(() => ++calls, 'calls', { get: () => calls }) as (() => number) & {
    readonly calls: number;
  };
}

/** The factory is called by none of these. */
export const never = (): never => {
  throw new Error('this factory should not have been called');
};

/** Whether the work has been settled by what has happened so far. */
export async function isPending(work: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const settled = new Promise((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([work.catch(() => undefined), settled])) === pending;
}
