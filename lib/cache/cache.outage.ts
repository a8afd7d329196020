import { show, toError } from '../common/errors.js';
import type { DepotLogger } from '../common/logger.js';

/** Tries what an answer does not depend on. Says once that it fails, and once that it works again. */
export class Outage {
  /** Whether the last attempt failed. */
  failing = false;

  constructor(
    private readonly what: string,
    private readonly logger: DepotLogger,
  ) {}

  /** The outcome, or `undefined` when there is none. */
  async attempt<T>(key: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      const outcome = await work();
      if (this.failing) this.logger.log(`${this.what} works again`);
      this.failing = false;
      return outcome;
    } catch (error) {
      if (!this.failing) {
        this.logger.warn(`${this.what} fails, first noticed with ${show(key)}: ${toError(error).message}`);
      }
      this.failing = true;
      return undefined;
    }
  }
}
