import { EngineUnavailableError, show, toError } from '../common/errors.js';
import type { DepotLogger } from '../common/logger.js';
import type { CacheListeners } from './cache.events.js';

/** Tries what an answer does not depend on. Says once that it fails, and once that it works again. */
export class Outage {
  private failing = false;

  constructor(
    private readonly what: string,
    private readonly logger: DepotLogger,
    private readonly listeners?: CacheListeners,
  ) {}

  /** The outcome, or `undefined` when there is none. */
  attempt<T>(key: string, work: () => Promise<T>): Promise<T | undefined> {
    return this.watch(key, work, () => true);
  }

  /** The outcome, or `undefined` when the engine is away; any other error is the caller's. */
  unlessAway<T>(key: string, work: () => Promise<T>): Promise<T | undefined> {
    return this.watch(key, work, (error) => error instanceof EngineUnavailableError);
  }

  private async watch<T>(
    key: string,
    work: () => Promise<T>,
    tolerated: (error: unknown) => boolean,
  ): Promise<T | undefined> {
    try {
      const outcome = await work();
      if (this.failing) this.ends();
      return outcome;
    } catch (thrown) {
      if (!tolerated(thrown)) throw thrown;
      const error = toError(thrown);
      if (!this.failing) this.begins(key, error);
      return undefined;
    }
  }

  private begins(key: string, error: Error): void {
    this.failing = true;
    this.logger.warn(`${this.what} fails, first noticed with ${show(key)}: ${error.message}`);
    this.listeners?.emit('away', { error });
  }

  private ends(): void {
    this.failing = false;
    this.logger.log(`${this.what} works again`);
    this.listeners?.emit('back', {});
  }
}
