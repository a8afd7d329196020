import type { DepotLogger } from '../../lib/common/logger.js';

/** Keeps what the library logs. */
export class RecordingLogger implements DepotLogger {
  readonly logs: string[] = [];
  readonly warnings: string[] = [];
  readonly errors: string[] = [];

  log(message: string): void {
    this.logs.push(message);
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  error(message: string): void {
    this.errors.push(message);
  }
}
