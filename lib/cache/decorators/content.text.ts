import { types } from 'node:util';
import { isBinary, writeBinary } from '../../common/codec.binary.js';
import { hasToJson, isDate, isMap, isSet, MAX_DEPTH } from '../../common/codec.survey.js';
import { PayloadError, show, toError } from '../../common/errors.js';

/** Of all that is looked at for one key: some megabytes take a processor long enough. */
const LONGEST = 4 * 1_024 * 1_024;

/**
 * Content as text, to tell it apart. What is the same by `util.isDeepStrictEqual` gives the same text, and nothing else does:
 * properties, entries of a Map and items of a Set count in any order; `1` and `'1'` are different, and so are a property
 * that is `undefined` and one that is not there.
 *
 * The text can be read in one way only: what came from outside is in quotes, everything else is a word or has brackets.
 */
export class ContentText {
  private left = LONGEST;
  /** What holds what is written now: to come upon one of them again is a cycle. */
  private readonly around = new Set<object>();

  /**
   * @param instances of classes that don't say how they want to be written may hide what tells them apart. `'as properties'`:
   * somebody has said that they don't
   */
  constructor(private readonly instances: 'refused' | 'as properties') {}

  /**
   * @param path what the value is, for the error message
   * @throws PayloadError when it has a part whose content can't be told: a function, a promise, a cycle, an instance of a class
   */
  of(value: unknown, path: string): string {
    const text = this.write(value, path);
    this.left -= text.length;
    if (this.left < 0) throw new PayloadError(`${path} is too large for a key to be made of it`);
    return text;
  }

  private write(value: unknown, path: string): string {
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value);
      case 'number':
        return Object.is(value, -0) ? '-0' : String(value);
      case 'boolean':
      case 'undefined':
        return String(value);
      case 'bigint':
        return `${value}n`;
      case 'object':
        return value === null ? 'null' : this.nested(value, path);
      default:
        return refuse(path, show(value));
    }
  }

  private nested(value: object, path: string): string {
    if (this.around.has(value)) refuse(path, 'what it is itself a part of');
    if (this.around.size === MAX_DEPTH) refuse(path.slice(0, 60), `nested deeper than ${MAX_DEPTH} levels`);
    this.around.add(value);
    try {
      return this.object(value, path);
    } catch (error) {
      if (error instanceof PayloadError) throw error;
      // Getters and `toJSON` are the value's own code.
      throw new PayloadError(`${path} can't be read: ${toError(error).message}`, { cause: error });
    } finally {
      this.around.delete(value);
    }
  }

  private object(value: object, path: string): string {
    if (Array.isArray(value)) return this.array(value, path);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      const text = this.special(value, path);
      if (text !== undefined) return text;
    }
    if (hasToJson(value)) {
      return `toJSON(${JSON.stringify(className(value))},${this.of(value.toJSON(), `${path}.toJSON()`)})`;
    }
    if (!isPlain(prototype) && (this.instances === 'refused' || isOpaque(value))) {
      return refuse(path, `an instance of ${className(value)}`);
    }
    return `{${this.properties(value, Object.keys(value), path)}}`;
  }

  private array(value: readonly unknown[], path: string): string {
    const items = Array.from(value, (item, index) =>
      index in value ? this.of(item, `${path}[${index}]`) : 'hole',
    );
    const keys = Object.keys(value);
    // What it has besides its items, as the outcome of a match has, comes last.
    const isUsual = isIndex(keys.at(-1) ?? '0');
    const more = isUsual
      ? ''
      : `;${this.properties(
          value,
          keys.filter((key) => !isIndex(key)),
          path,
        )}`;
    return `[${items.join()}${more}]`;
  }

  private properties(value: object, keys: string[], path: string): string {
    if (Object.getOwnPropertySymbols(value).some((symbol) => isEnumerable(value, symbol))) {
      refuse(path, 'an object with symbols as keys');
    }
    return keys
      .sort()
      .map((key) => {
        const inner: unknown = Reflect.get(value, key);
        return `${JSON.stringify(key)}:${this.of(inner, `${path}.${key.slice(0, 80)}`)}`;
      })
      .join();
  }

  /** What is more than its properties. `undefined`: it is not. */
  private special(value: object, path: string): string | undefined {
    if (isDate(value)) return `Date(${value.getTime()})`;
    if (isMap(value)) {
      const entries = Array.from(value, ([key, inner]) => {
        const name = this.of(key, `${path}<key>`);
        return `${name}=>${this.of(inner, `${path}<${show(key)}>`)}`;
      });
      return `Map{${entries.sort().join()}}`;
    }
    if (isSet(value)) {
      const items = Array.from(value, (item) => this.of(item, `${path}<item>`));
      return `Set{${items.sort().join()}}`;
    }
    if (types.isUint8Array(value)) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      return `${Buffer.isBuffer(value) ? 'Buffer' : 'Uint8Array'}(${bytes.toString('base64')})`;
    }
    if (isBinary(value)) {
      const [kind, base64] = writeBinary(value);
      return `${kind}(${base64})`;
    }
    return types.isRegExp(value) ? `RegExp(${JSON.stringify(String(value))})` : undefined;
  }
}

function refuse(path: string, what: string): never {
  throw new PayloadError(`${path} is ${what}, and no key can be made of that`);
}

const isIndex = (key: string): boolean => /^(0|[1-9]\d*)$/.test(key);

const isEnumerable = (value: object, key: symbol): boolean =>
  Object.prototype.propertyIsEnumerable.call(value, key);

/** Also by the prototype of another realm's objects, as in a jest sandbox. */
const isPlain = (prototype: unknown): boolean =>
  prototype === Object.prototype ||
  prototype === null ||
  (typeof prototype === 'object' &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'isPrototypeOf'));

/** No property shows what they hold. */
const isOpaque = (value: object): boolean =>
  types.isNativeError(value) ||
  value instanceof Error ||
  types.isPromise(value) ||
  types.isWeakMap(value) ||
  types.isWeakSet(value) ||
  types.isBoxedPrimitive(value) ||
  types.isAnyArrayBuffer(value) ||
  value instanceof WeakRef;

function className(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown };
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'a class';
}
