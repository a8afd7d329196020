import { decode, encode } from '../common/codec.js';
import { toError } from '../common/errors.js';

/** What is longer is cut to name, message and stack; if that is still too long, to the beginning of the message. */
const MOST_BYTES = 64 * 1_024;
const SHORT = 1_000;

/**
 * A factory's error as text, for those who wait in other processes: with what an application hangs on its errors, `status`
 * and `response` of an HttpException for one. Never throws: somebody waits for it.
 */
export function writeFailure(thrown: unknown): string {
  const error = toError(thrown);
  return (
    attempt(() => [error, Object.fromEntries(Object.entries(error))]) ??
    attempt(() => [error, {}]) ??
    attempt(() => [new Error(error.message.slice(0, SHORT)), {}]) ??
    encode([new Error("The factory has failed with what can't be written down"), {}])
  );
}

/** `undefined` when it can't be written: it is too long, has a cycle, or a getter of it throws. */
function attempt(failure: () => unknown): string | undefined {
  try {
    return encode(failure(), 'error', MOST_BYTES);
  } catch {
    return undefined;
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
