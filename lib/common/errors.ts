/**
 * Base of every error this library raises on purpose. `code` is stable across versions: branch on it, or on the class.
 */
export class DepotError extends Error {
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An option, decorator or registration is wrong. Raised at start-up, names the option, its value and what is expected. */
export class DepotConfigError extends DepotError {
  constructor(message: string, options?: ErrorOptions) {
    super('DEPOT_CONFIG', message, options);
  }
}

/** The engine (Redis) can't be reached or did not answer in time. The operation may or may not have happened. */
export class EngineUnavailableError extends DepotError {
  constructor(message: string, options?: ErrorOptions) {
    super('DEPOT_ENGINE_UNAVAILABLE', message, options);
  }
}

/** The application is closing: the engine has been closed, and will not come back. */
export class EngineClosedError extends EngineUnavailableError {}

/** The engine was reached and refused or could not do the operation, e.g. because a key belongs to something else. */
export class EngineReplyError extends DepotError {
  constructor(message: string, options?: ErrorOptions) {
    super('DEPOT_ENGINE_REPLY', message, options);
  }
}

/** A value can't be serialised (a cycle, a function, a symbol, too large), or stored text can't be read back. */
export class PayloadError extends DepotError {
  constructor(message: string, options?: ErrorOptions) {
    super('DEPOT_PAYLOAD', message, options);
  }
}

/**
 * A payload was written in a way that this process is not set up to read: encrypted with a key that it does not have, by
 * a codec that it does not have, or by a later version. Another process may read it, so its task is parked, not dead.
 */
export class PayloadKeyError extends PayloadError {}

/** Shows any value in an error message, in one short line. */
export function show(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

/** Any thrown value as an `Error`. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(typeof thrown === 'string' ? thrown : show(thrown));
}
