import { EngineUnavailableError, toError } from '../../common/errors.js';
import type { DepotLogger } from '../../common/logger.js';

/** Says what went wrong between a consumer and the engine. One outage is one piece of news, whatever fails while it lasts. */
export class Trouble {
  private unreachable = false;

  constructor(
    private readonly queue: string,
    private readonly logger: DepotLogger,
  ) {}

  report(what: string, error: unknown): void {
    const { message, stack } = toError(error);
    if (!(error instanceof EngineUnavailableError)) {
      this.logger.error(`Queue '${this.queue}': ${what}: ${message}`, stack);
      return;
    }
    if (!this.unreachable) this.logger.warn(`Queue '${this.queue}': ${what}: ${message}`);
    this.unreachable = true;
  }

  /** The engine answers; the next outage is news. */
  isOver(): void {
    this.unreachable = false;
  }
}
