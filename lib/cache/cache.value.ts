import { decode, isPlainText } from '../common/codec.js';

/**
 * A value as the codec wrote it, read once and handed out many times. Either everybody gets a copy of his own, or all get
 * the same object, frozen.
 */
export class CachedValue {
  /** About how many bytes it takes. */
  readonly bytes: number;
  private text: string | undefined;
  /** What plain JSON came to: data alone, copied and frozen without loss. */
  private plain: unknown;
  private state: 'text' | 'plain' | 'frozen' | 'primitive' = 'text';

  constructor(text: string) {
    this.text = text;
    this.bytes = text.length;
  }

  /**
   * A value that the caller may change.
   *
   * @throws PayloadError when the text was not written by the codec
   */
  copy(): unknown {
    if (this.state === 'text' && !this.read()) return decode(this.text ?? '');
    return this.state === 'primitive' ? this.plain : copyOf(this.plain as object);
  }

  /**
   * The same value for everybody, frozen in depth; a copy where it holds what can't be frozen (Date, Map, Set, Buffer, …).
   *
   * @throws PayloadError when the text was not written by the codec
   */
  shared(): unknown {
    if (this.state === 'text' && !this.read()) return decode(this.text ?? '');
    if (this.state === 'plain') {
      freeze(this.plain as object);
      this.state = 'frozen';
    }
    return this.plain;
  }

  /** Whether the text was plain JSON, which is not needed any more once it is read. */
  private read(): boolean {
    const { text = '' } = this;
    if (!isPlainText(text)) return false;
    this.plain = decode(text);
    this.state = typeof this.plain === 'object' && this.plain !== null ? 'plain' : 'primitive';
    this.text = undefined;
    return true;
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

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
