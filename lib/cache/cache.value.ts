import { decode, isPlainText } from '../common/codec.js';
import { PayloadError } from '../common/errors.js';
import type { GroupCounters } from './cache.stats.js';

/** What others have written may be nested deeper than a copy could follow. What is written here never is. */
const DEEPEST = 1_000;

/**
 * A value as the codec wrote it, read once and handed out many times. Either everybody gets a copy of his own, or all get
 * the same object, frozen.
 */
export class CachedValue {
  /** About how many bytes it takes. */
  readonly bytes: number;
  /** Where hits of it are counted, once there was one: kept here, it needs no look-up. */
  counters: GroupCounters | undefined;
  private text: string | undefined;
  /** What plain JSON came to: data alone, copied and frozen without loss. Of anything else, what was read to check it. */
  private known: unknown;
  private state: 'text' | 'checked' | 'plain' | 'frozen' | 'primitive' = 'text';

  constructor(text: string) {
    this.text = text;
    this.bytes = text.length;
  }

  /** @throws PayloadError when the text was not written by the codec */
  check(): void {
    if (this.state === 'text') this.read();
  }

  /**
   * A value that the caller may change.
   *
   * @throws PayloadError when the text was not written by the codec
   */
  copy(): unknown {
    if (this.state === 'text') this.read();
    if (this.state === 'checked') return this.anew();
    return this.state === 'primitive' ? this.known : copyOf(this.known as object);
  }

  /**
   * The same value for everybody, frozen in depth; a copy where it holds what can't be frozen (Date, Map, Set, Buffer, …).
   *
   * @throws PayloadError when the text was not written by the codec
   */
  shared(): unknown {
    if (this.state === 'frozen') return this.known;
    if (this.state === 'text') this.read();
    if (this.state === 'checked') return this.anew();
    if (this.state === 'plain') {
      freeze(this.known as object);
      this.state = 'frozen';
    }
    return this.known;
  }

  /** The text of plain JSON is not needed any more once it is read. */
  private read(): void {
    const { text = '' } = this;
    this.known = decode(text);
    if (!isPlainText(text)) {
      this.state = 'checked';
      return;
    }
    if (isObject(this.known)) {
      // Each level takes two brackets.
      if (text.length > 2 * DEEPEST && isDeeper(this.known, DEEPEST)) {
        throw new PayloadError(`value can't be read: it is nested deeper than ${DEEPEST} levels`);
      }
      this.state = 'plain';
    } else {
      this.state = 'primitive';
    }
    this.text = undefined;
  }

  /** What was read to check it goes to the first who asks. */
  private anew(): unknown {
    const { known } = this;
    this.known = undefined;
    return known === undefined ? decode(this.text ?? '') : known;
  }
}

function copyOf(value: object): object {
  if (Array.isArray(value)) {
    return value.map((inner: unknown) => (isObject(inner) ? copyOf(inner) : inner));
  }
  // A spread keeps the hidden class, which is many times as fast as setting the properties one by one.
  const copy: Record<string, unknown> = { ...value };
  for (const key in copy) {
    const inner = copy[key];
    if (isObject(inner)) copy[key] = copyOf(inner);
  }
  return copy;
}

function freeze(value: object): void {
  Object.freeze(value);
  for (const inner of Object.values(value)) if (isObject(inner)) freeze(inner);
}

function isDeeper(value: object, levels: number): boolean {
  if (levels === 0) return true;
  return Object.values(value).some((inner) => isObject(inner) && isDeeper(inner, levels - 1));
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
