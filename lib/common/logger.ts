/** What the library logs to. Nest's `Logger` and `ConsoleLogger` fit. */
export interface DepotLogger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string, stack?: string): void;
}

/** Keeps quiet; for runtime classes used outside Nest. */
export const silentLogger: DepotLogger = {
  log: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
