import { PayloadError, show, toError } from './errors.js';

/**
 * Values as text. Plain JSON stays plain JSON (readable in `redis-cli`, and as fast as `JSON.stringify`); a value that
 * holds a Date, Map, Set, BigInt, Buffer, Error, odd number or `undefined` is written as JSON with tags, marked by its first
 * character. What can't come back at all (function, symbol, cycle, promise) is refused, with the path to it.
 */
const TAGGED = '#';
const TAG = '$';

/** @throws PayloadError for a cycle, a function, a symbol, an accessor-only class, or text longer than `maxBytes` */
export function encode(value: unknown, what = 'value', maxBytes = Number.POSITIVE_INFINITY): string {
  if (value === undefined) return '';
  const kind = classify(value, 0);
  if (kind === Kind.Refused) throw new PayloadError(fault(value, what, 0) ?? `${what} can't be serialised`);
  const text = kind === Kind.Plain ? JSON.stringify(value) : TAGGED + JSON.stringify(tag(value));
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
    if (text.startsWith(TAGGED)) return untag(JSON.parse(text.slice(1)));
    return SUSPICIOUS.test(text) ? JSON.parse(text, withoutProto) : JSON.parse(text);
  } catch (error) {
    throw new PayloadError(`${what} can't be read: ${toError(error).message}`, { cause: error });
  }
}

/** Text that may have a key `__proto__`, spelled out or escaped. */
const SUSPICIOUS = /__proto__|\\u/;

const MAX_DEPTH = 500;

const enum Kind {
  Plain,
  Tagged,
  Refused,
}

/** Whether `JSON.stringify` is faithful to the value, needs tags, or nothing is faithful to it. */
function classify(value: unknown, depth: number): Kind {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return Kind.Plain;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? Kind.Plain : Kind.Tagged;
    case 'undefined':
    case 'bigint':
      return Kind.Tagged;
    case 'object':
      break;
    default:
      return Kind.Refused;
  }
  if (value === null) return Kind.Plain;
  if (depth > MAX_DEPTH) return Kind.Refused;
  if (value instanceof Date || value instanceof Uint8Array || isError(value)) return Kind.Tagged;
  let worst = value instanceof Map || value instanceof Set ? Kind.Tagged : Kind.Plain;
  if (!Array.isArray(value) && worst === Kind.Plain) {
    if (hasToJson(value)) return classify(value.toJSON(), depth + 1);
    if (opaque(value)) return Kind.Refused;
    for (const key of Object.keys(value)) {
      if (key === '__proto__' || key === TAG) worst = Kind.Tagged;
      const kind = classify((value as Record<string, unknown>)[key], depth + 1);
      if (kind > worst) worst = kind;
      if (worst === Kind.Refused) break;
    }
    return worst;
  }
  for (const [, inner] of parts(value)) {
    const kind = classify(inner, depth + 1);
    if (kind > worst) worst = kind;
    if (worst === Kind.Refused) break;
  }
  return worst;
}

/** What a value is made of, each part with its place. Maps give their keys too. */
function* parts(value: object): Generator<[place: string, inner: unknown]> {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield [`[${i}]`, value[i]];
  } else if (value instanceof Map) {
    for (const [key, inner] of value) {
      yield ['<key>', key];
      yield [`<${show(key)}>`, inner];
    }
  } else if (value instanceof Set) {
    for (const inner of value) yield ['<item>', inner];
  } else {
    for (const [key, inner] of Object.entries(value)) yield [`.${key}`, inner];
  }
}

/** The place and kind of the first part that was refused. Only walked when an error is due. */
function fault(value: unknown, path: string, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) {
    return classify(value, 0) === Kind.Refused
      ? `${path} is ${show(value)}, which can't be serialised`
      : undefined;
  }
  if (depth > MAX_DEPTH)
    return `${path.slice(0, 60)}… refers to itself or is nested deeper than ${MAX_DEPTH} levels`;
  if (isError(value)) return undefined;
  if (hasToJson(value)) return fault(value.toJSON(), `${path}.toJSON()`, depth + 1);
  const kind = opaque(value);
  if (kind) return `${path} is of type ${kind}, which can't be serialised`;
  for (const [place, inner] of parts(value)) {
    const found = fault(inner, path + place, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

const hasToJson = (value: object): value is { toJSON(): unknown } =>
  typeof (value as { toJSON?: unknown }).toJSON === 'function';

/** Only name, message and stack are kept of an error; one that says how it wants to be written is heard. */
const isError = (value: object): value is Error => value instanceof Error && !hasToJson(value);

const OPAQUE = /^\[object (Promise|Weak\w+|RegExp|\w*ArrayBuffer|DataView|\w+Array)\]$/;

/** The kind of an object that would come back empty or as another thing; a forgotten `await` is the usual cause. */
function opaque(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null || value instanceof Uint8Array) return undefined;
  return OPAQUE.exec(Object.prototype.toString.call(value))?.[1];
}

type Tagged = { readonly [TAG]: readonly [kind: string, content: unknown] };

const tagged = (kind: string, content: unknown): Tagged => ({ [TAG]: [kind, content] });

function tag(value: unknown): unknown {
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
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (Array.isArray(value)) return Array.from(value, tag);
  if (value instanceof Date) return tagged('d', value.getTime());
  if (value instanceof Map)
    return tagged(
      'm',
      Array.from(value, ([k, v]) => [tag(k), tag(v)]),
    );
  if (value instanceof Set) return tagged('s', Array.from(value, tag));
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return tagged(Buffer.isBuffer(value) ? 'b' : 'a', bytes);
  }
  if (isError(value)) return tagged('e', [value.name, value.message, value.stack]);
  if (hasToJson(value)) return tag(value.toJSON());
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

function untag(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(untag);
  const mark = (value as Partial<Tagged>)[TAG];
  if (mark === undefined)
    return ownProperties(Object.entries(value).map(([key, inner]) => [key, untag(inner)]));
  const [kind, content] = mark;
  switch (kind) {
    case 'u':
      return undefined;
    case 'n':
      return BigInt(content as string);
    case 'f':
      return Number(content);
    case 'd':
      return new Date(content === null ? Number.NaN : (content as number));
    case 'm':
      return new Map((content as [unknown, unknown][]).map(([k, v]) => [untag(k), untag(v)]));
    case 's':
      return new Set((content as unknown[]).map(untag));
    case 'b':
      return Buffer.from(content as string, 'base64');
    case 'a':
      return new Uint8Array(Buffer.from(content as string, 'base64'));
    case 'e':
      return errorOf(content as [string, string, string | undefined]);
    case 'o':
      return ownProperties((content as [string, unknown][]).map(([key, inner]) => [key, untag(inner)]));
    default:
      throw new PayloadError(`unknown tag ${show(kind)}`);
  }
}

function errorOf([name, message, stack]: [string, string, string | undefined]): Error {
  const error = new Error(message);
  // The class is not there; its name is, where people look for it.
  for (const [key, value] of Object.entries({ name, stack })) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  }
  return error;
}

/** Defines, never assigns: a key named `__proto__` becomes data and changes no prototype. */
function ownProperties(entries: [string, unknown][]): object {
  return Object.fromEntries(entries);
}

/** Foreign text may carry `__proto__`; what we write ourselves has it only in tagged form. */
function withoutProto(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}
