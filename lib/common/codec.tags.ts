import { types } from 'node:util';
import { isBinary, readBase64, readBinary, writeBinary } from './codec.binary.js';
import {
  hasToJson,
  isDate,
  isError,
  isMap,
  isSet,
  MAX_DEPTH,
  MAX_DIGITS,
  MAX_PATTERN,
} from './codec.survey.js';
import { PayloadError, show } from './errors.js';

const TAG = '$';

type Tagged = { readonly [TAG]: readonly [kind: string, content: unknown] };

const tagged = (kind: string, content: unknown): Tagged => ({ [TAG]: [kind, content] });

/** The value as JSON can say it. It was surveyed and is neither too deep nor refused. */
export function tag(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
      return tagged('u', 0);
    case 'bigint':
      return tagged('n', value.toString());
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : tagged('f', Object.is(value, -0) ? '-0' : String(value));
    case 'object':
      return value === null ? null : tagObject(value);
    default:
      return value;
  }
}

function tagObject(value: object): unknown {
  if (Array.isArray(value)) return Array.from(value, tag);
  if (isDate(value)) return tagged('d', value.getTime());
  if (isMap(value)) {
    return tagged(
      'm',
      Array.from(value, ([k, v]) => [tag(k), tag(v)]),
    );
  }
  if (isSet(value)) return tagged('s', Array.from(value, tag));
  if (types.isUint8Array(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return tagged(Buffer.isBuffer(value) ? 'b' : 'a', bytes);
  }
  if (isError(value)) return tagged('e', [value.name, value.message, value.stack].map(plainText));
  if (hasToJson(value)) return tag(value.toJSON());
  if (types.isBoxedPrimitive(value)) return tag(value.valueOf());
  if (isBinary(value)) return tagged('t', writeBinary(value));
  if (types.isRegExp(value)) return tagged('r', [value.source, value.flags]);
  // Entries, not an object: keys such as `__proto__` and `$` stay mere data.
  const entries = Object.entries(value);
  if (entries.some(([key]) => key === TAG || key === '__proto__')) {
    return tagged(
      'o',
      entries.map(([key, inner]) => [key, tag(inner)]),
    );
  }
  return Object.fromEntries(entries.map(([key, inner]) => [key, tag(inner)]));
}

/** Anything can be assigned to an error's name. */
const plainText = (value: unknown): unknown =>
  typeof value === 'object' || typeof value === 'function' || typeof value === 'bigint' ? show(value) : value;

/** The value that was written as this, of which every part is checked: the text may be anybody's. */
export function untag(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  // One deeper than what can be written: a tagged number has no parts.
  if (depth > MAX_DEPTH + 1) throw new PayloadError(`it is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((inner) => untag(inner, depth + 1));
  if (Object.hasOwn(value, TAG)) return readTag(value, depth);
  const entries: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value)) {
    // Written by us it would be in tagged form.
    if (key !== '__proto__') entries.push([key, untag(inner, depth + 1)]);
  }
  return Object.fromEntries(entries);
}

function readTag(value: Partial<Tagged>, depth: number): unknown {
  const [kind, content] = expectTuple(value[TAG], 2, 'tag');
  if (typeof kind !== 'string' || Object.keys(value).length !== 1) throw new PayloadError('malformed tag');
  switch (kind) {
    case 'u':
      return undefined;
    case 'n':
      return readBigInt(content);
    case 'f':
      return readNumber(content);
    case 'd':
      return readDate(content);
    case 'm':
      return new Map(
        expectArray(content).map((entry): [unknown, unknown] => {
          const [key, inner] = expectTuple(entry, 2, 'entry');
          return [untag(key, depth + 1), untag(inner, depth + 1)];
        }),
      );
    case 's':
      return new Set(expectArray(content).map((inner) => untag(inner, depth + 1)));
    case 'b':
      return readBase64(content);
    case 'a':
      return new Uint8Array(readBase64(content));
    case 't': {
      const [name, base64] = expectTuple(content, 2, 'bytes');
      return readBinary(name, base64);
    }
    case 'r':
      return readPattern(expectTuple(content, 2, 'pattern'));
    case 'e':
      return readError(expectTuple(content, 3, 'error'));
    case 'o':
      return readEntries(expectArray(content), depth);
    default:
      throw new PayloadError(`unknown tag ${show(kind)}`);
  }
}

function readBigInt(digits: unknown): bigint {
  if (typeof digits === 'string' && digits.length <= MAX_DIGITS + 2 && /^-?\d+$/.test(digits)) {
    return BigInt(digits);
  }
  throw new PayloadError('malformed bigint');
}

function readNumber(name: unknown): number {
  if (name === '-0' || name === 'NaN' || name === 'Infinity' || name === '-Infinity') return Number(name);
  throw new PayloadError('malformed number');
}

function readDate(time: unknown): Date {
  // As JSON has it when it is NaN.
  if (time === null) return new Date(Number.NaN);
  if (typeof time === 'number' && Number.isInteger(time) && Math.abs(time) <= 8.64e15) return new Date(time);
  throw new PayloadError('malformed date');
}

/** Making one only checks its syntax. Whether running it may take for ever is for who runs it to know. */
function readPattern([source, flags]: readonly unknown[]): RegExp {
  if (typeof source === 'string' && source.length <= MAX_PATTERN && typeof flags === 'string') {
    return new RegExp(source, flags);
  }
  throw new PayloadError('malformed pattern');
}

function readError([name, message, stack]: readonly unknown[]): Error {
  const error = new Error(asText(message));
  // The class is not there; its name is, where people look for it.
  for (const [key, value] of Object.entries({ name: asText(name), stack: asText(stack) })) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  }
  return error;
}

/** Of what was no text the writer may have kept a number, and of nothing `null`. */
function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Defines, never assigns: a key named `__proto__` becomes data and changes no prototype. */
function readEntries(entries: readonly unknown[], depth: number): object {
  return Object.fromEntries(
    entries.map((entry): [string, unknown] => {
      const [key, inner] = expectTuple(entry, 2, 'entry');
      if (typeof key !== 'string') throw new PayloadError('malformed entry');
      return [key, untag(inner, depth + 1)];
    }),
  );
}

function expectArray(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new PayloadError('malformed tag');
}

function expectTuple(value: unknown, length: number, what: string): readonly unknown[] {
  if (Array.isArray(value) && value.length === length) return value;
  throw new PayloadError(`malformed ${what}`);
}
