import { fault, Kind, survey } from './codec.survey.js';
import { tag, untag } from './codec.tags.js';
import { PayloadError, toError } from './errors.js';

/**
 * Values as text. Plain JSON stays plain JSON (readable in `redis-cli`, and as fast as `JSON.stringify`); a value that
 * holds a Date, Map, Set, BigInt, Buffer, Error, odd number or `undefined` is written as JSON with tags, marked by its
 * first character; one that holds typed arrays, other bytes or a pattern by another, which older versions don't know.
 * What can't come back at all (function, symbol, cycle, promise) is refused, with the path to it. docs/codec.md has the
 * format.
 */
const TAGGED = '#';
const EXTENDED = '&';
/** Nothing that is written here begins with it: the codec of tasks marks what it has framed. */
export const FRAME = '~';

const NO_LIMIT = Number.POSITIVE_INFINITY;

/** @throws PayloadError for a cycle, a function, a symbol, a promise, or text longer than `maxBytes` */
export function encode(value: unknown, what = 'value', maxBytes = NO_LIMIT): string {
  if (value === undefined) return '';
  const text = write(value, what, maxBytes);
  if (text.length * 3 > maxBytes) {
    const bytes = Buffer.byteLength(text);
    if (bytes > maxBytes) {
      throw new PayloadError(`${what} is ${bytes} bytes serialised; at most ${maxBytes} are allowed`);
    }
  }
  return text;
}

/** @throws PayloadError when the text was not written by `encode` */
export function decode(text: string, what = 'value'): unknown {
  if (text === '') return undefined;
  try {
    if (text.startsWith(TAGGED) || text.startsWith(EXTENDED)) return untag(JSON.parse(text.slice(1)));
    return SUSPICIOUS.test(text) ? JSON.parse(text, withoutProto) : JSON.parse(text);
  } catch (error) {
    throw new PayloadError(`${what} can't be read: ${toError(error).message}`, { cause: error });
  }
}

/** Text that is JSON and nothing more: what it came to is data alone. */
export const isPlainText = (text: string): boolean =>
  text !== '' && !text.startsWith(TAGGED) && !text.startsWith(EXTENDED) && !text.startsWith(FRAME);

/** Versions 0.1 can't read it. */
export const isNewText = (text: string): boolean => text.startsWith(EXTENDED) || text.startsWith(FRAME);

function write(value: unknown, what: string, maxBytes: number): string {
  try {
    const kind = survey(value, what, maxBytes);
    if (kind === Kind.Plain) return JSON.stringify(value);
    if (kind !== Kind.Refused) {
      return (kind === Kind.Extended ? EXTENDED : TAGGED) + JSON.stringify(tag(value));
    }
    throw new PayloadError(fault(value, what) ?? `${what} can't be serialised`);
  } catch (error) {
    // Getters and `toJSON` are the value's own code.
    if (error instanceof PayloadError) throw error;
    throw new PayloadError(`${what} can't be serialised: ${toError(error).message}`, { cause: error });
  }
}

/** Text that may have a key `__proto__`, spelled out or escaped. */
const SUSPICIOUS = /__proto__|\\u/;

/** Foreign text may carry `__proto__`; what we write ourselves has it only in tagged form. */
function withoutProto(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}
