import { decode, encode } from '../common/codec.js';
import { DepotError, toError } from '../common/errors.js';

/** Longer ones are cut to name, message and stack. */
const MOST_BYTES = 64 * 1_024;

/**
 * A factory's error as text, for those who wait in other processes: with what an application hangs on its errors, `status`
 * and `response` of an HttpException for one.
 */
export function writeFailure(thrown: unknown): string {
  const error = toError(thrown);
  try {
    return encode([error, Object.fromEntries(Object.entries(error))], 'error', MOST_BYTES);
  } catch (unwritable) {
    if (!(unwritable instanceof DepotError)) throw unwritable;
    return encode([error, {}]);
  }
}

/** The error, as far as it can come back: of its class only the name. */
export function readFailure(text: string): Error {
  const failure = decode(text);
  const [error, extras] = Array.isArray(failure) ? (failure as readonly unknown[]) : [];
  if (!(error instanceof Error)) return new Error('The factory has failed in another process');
  for (const [name, value] of Object.entries(extras ?? {})) {
    // Defined, never assigned: the text may be anybody's, and name a setter.
    Object.defineProperty(error, name, { value, configurable: true, writable: true, enumerable: true });
  }
  return error;
}
