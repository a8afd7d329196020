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

/** The same logger; what it throws is dropped. A loop that reports an error must not end with another one. */
export function guardedLogger(logger: DepotLogger): DepotLogger {
  const guard =
    <A extends unknown[]>(write: (...args: A) => void) =>
    (...args: A): void => {
      try {
        write(...args);
      } catch {
        // There is nobody left to tell.
      }
    };
  return {
    log: guard((message: string) => logger.log(message)),
    warn: guard((message: string) => logger.warn(message)),
    error: guard((message: string, stack?: string) => logger.error(message, stack)),
  };
}
