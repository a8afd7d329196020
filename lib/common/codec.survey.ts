import { types } from 'node:util';
import { PayloadError, show } from './errors.js';
import { isBinary } from './codec.binary.js';

/** What it takes to write a value so that it comes back. Each holds what the ones before it hold. */
export const enum Kind {
  /** `JSON.stringify` is faithful to it. */
  Plain,
  /** It needs tags. */
  Tagged,
  /** It needs tags that came later, which older versions can't read. */
  Extended,
  /** Nothing is faithful to it. */
  Refused,
}

export const MAX_DEPTH = 500;
/** More digits would take a processor too long; a million take 0.1 s. */
export const MAX_DIGITS = 1_048_576;
/** Of the largest number with so many digits, and its sign. */
const MAX_BITS = 3_483_296;
/** Longer ones are no patterns but attacks on who compiles them. */
export const MAX_PATTERN = 10_000;

/** The longest text that V8 can make. */
const LONGEST_TEXT = 536_870_888;
/** What is larger than allowed is counted exactly up to so many times the limit. */
const EXACTLY_UP_TO = 4;

/**
 * Looks at all of a value before anything is written. It stops where the text is sure to be too long, so that what
 * holds the same parts again and again costs no more than its limit.
 *
 * @throws PayloadError when the text would have far more than `maxBytes`
 */
export function survey(value: unknown, what: string, maxBytes: number): Kind {
  const limit = Math.min(maxBytes * EXACTLY_UP_TO, LONGEST_TEXT);
  return new Survey(limit, what, maxBytes).classify(value, 0);
}

class Survey {
  private left: number;

  constructor(
    private readonly limit: number,
    private readonly what: string,
    private readonly maxBytes: number,
  ) {
    this.left = limit;
  }

  classify(value: unknown, depth: number): Kind {
    switch (typeof value) {
      case 'string':
        this.take(value.length + 2);
        return Kind.Plain;
      case 'boolean':
        this.take(2);
        return Kind.Plain;
      case 'number':
        this.take(2);
        return Number.isFinite(value) && !Object.is(value, -0) ? Kind.Plain : Kind.Tagged;
      case 'undefined':
        this.take(2);
        return Kind.Tagged;
      case 'bigint':
        this.take(2);
        return isTooLong(value) ? Kind.Refused : Kind.Tagged;
      case 'object':
        this.take(2);
        return value === null ? Kind.Plain : this.object(value, depth);
      default:
        return Kind.Refused;
    }
  }

  private object(value: object, depth: number): Kind {
    if (depth > MAX_DEPTH) return Kind.Refused;
    if (Array.isArray(value)) return this.array(value, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      const kind = this.special(value, depth);
      if (kind !== undefined) return kind;
    }
    if (hasToJson(value)) return this.classify(value.toJSON(), depth + 1);
    let worst = Kind.Plain;
    for (const key of Object.keys(value)) {
      this.take(key.length + 2);
      if (key === '__proto__' || key === '$') worst = max(worst, Kind.Tagged);
      worst = max(worst, this.classify((value as Record<string, unknown>)[key], depth + 1));
      if (worst === Kind.Refused) break;
    }
    return worst;
  }

  private array(value: readonly unknown[], depth: number): Kind {
    // At once, not after looking at all of its holes. Each takes two, itself and a comma.
    if (value.length * 2 > this.left) this.take(value.length * 2);
    let worst = Kind.Plain;
    // By index: holes count as `undefined`.
    for (let i = 0; i < value.length && worst !== Kind.Refused; i++) {
      worst = max(worst, this.classify(value[i], depth + 1));
    }
    return worst;
  }

  /** The kind of what is more than its properties. `undefined`: it is not. */
  private special(value: object, depth: number): Kind | undefined {
    if (isDate(value) || isError(value)) return Kind.Tagged;
    if (types.isUint8Array(value)) {
      this.take(value.byteLength);
      return Kind.Tagged;
    }
    if (isMap(value) || isSet(value)) {
      let worst = Kind.Tagged;
      for (const [, inner] of parts(value)) {
        worst = max(worst, this.classify(inner, depth + 1));
        if (worst === Kind.Refused) break;
      }
      return worst;
    }
    // Whoever says how it wants to be written is heard.
    if (hasToJson(value)) return undefined;
    if (types.isBoxedPrimitive(value)) return this.classify(value.valueOf(), depth + 1);
    if (isBinary(value)) {
      this.take(value.byteLength);
      return Kind.Extended;
    }
    if (types.isRegExp(value)) return value.source.length > MAX_PATTERN ? Kind.Refused : Kind.Extended;
    return opaque(value) === undefined ? undefined : Kind.Refused;
  }

  private take(characters: number): void {
    this.left -= characters;
    if (this.left >= 0) return;
    const allowed = this.maxBytes > this.limit ? this.limit : this.maxBytes;
    throw new PayloadError(
      `${this.what} is more than ${this.limit} bytes serialised; at most ${allowed} are allowed`,
    );
  }
}

const max = (a: Kind, b: Kind): Kind => (a > b ? a : b);

/** The place and kind of the first part that was refused. Only walked when an error is due. */
export function fault(value: unknown, path: string, depth = 0): string | undefined {
  if (typeof value === 'bigint' && isTooLong(value))
    return `${path} is a bigint of more than ${MAX_DIGITS} digits`;
  if (typeof value === 'function' || typeof value === 'symbol') {
    return `${path} is ${show(value)}, which can't be serialised`;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > MAX_DEPTH) {
    return `${path.slice(0, 60)}… refers to itself or is nested deeper than ${MAX_DEPTH} levels`;
  }
  if (isDate(value) || isError(value) || types.isUint8Array(value)) return undefined;
  if (!isMap(value) && !isSet(value) && !Array.isArray(value)) {
    if (hasToJson(value)) return fault(value.toJSON(), `${path}.toJSON()`, depth + 1);
    if (types.isBoxedPrimitive(value)) return fault(value.valueOf(), path, depth + 1);
    if (isBinary(value)) return undefined;
    if (types.isRegExp(value)) {
      return value.source.length > MAX_PATTERN
        ? `${path} is a regular expression of more than ${MAX_PATTERN} characters`
        : undefined;
    }
    const kind = opaque(value);
    if (kind !== undefined) return `${path} is of type ${kind}, which can't be serialised`;
  }
  for (const [place, inner] of parts(value)) {
    const found = fault(inner, path + place, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a value is made of, each part with its place. Maps give their keys too. */
function* parts(value: object): Generator<[place: string, inner: unknown]> {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield [`[${i}]`, value[i]];
  } else if (isMap(value)) {
    for (const [key, inner] of value) {
      yield ['<key>', key];
      yield [`<${show(key)}>`, inner];
    }
  } else if (isSet(value)) {
    for (const inner of value) yield ['<item>', inner];
  } else {
    for (const [key, inner] of Object.entries(value)) yield [`.${key.slice(0, 80)}`, inner];
  }
}

// By class, for a proxy of one, and by kind, for one of another realm.
export const isMap = (value: object): value is ReadonlyMap<unknown, unknown> =>
  value instanceof Map || types.isMap(value);
export const isSet = (value: object): value is ReadonlySet<unknown> =>
  value instanceof Set || types.isSet(value);
export const isDate = (value: object): value is Date => value instanceof Date || types.isDate(value);

/** Only name, message and stack are kept of an error; one that says how it wants to be written is heard. */
export const isError = (value: object): value is Error =>
  (value instanceof Error || types.isNativeError(value)) && !hasToJson(value);

export const hasToJson = (value: object): value is { toJSON(): unknown } =>
  typeof (value as { toJSON?: unknown }).toJSON === 'function';

const isTooLong = (value: bigint): boolean => BigInt.asIntN(MAX_BITS, value) !== value;

const OPAQUE = /^\[object (Promise|Weak\w+|\w*ArrayBuffer|\w+Array)\]$/;

/** The kind of an object that would come back empty or as another thing; a forgotten `await` is the usual cause. */
const opaque = (value: object): string | undefined => OPAQUE.exec(Object.prototype.toString.call(value))?.[1];
