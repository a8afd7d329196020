import { types } from 'node:util';
import { PayloadError, show } from './errors.js';

/** Views of bytes by the names they are written under. `Uint8Array` and `Buffer` have tags of their own. */
const VIEWS = {
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
} as const;

type TypedArray = InstanceType<(typeof VIEWS)[keyof typeof VIEWS]>;

export type Binary = TypedArray | DataView | ArrayBuffer;

/** Bytes, other than those of a `Uint8Array`, that come back as what they were. Shared memory can't. */
export function isBinary(value: object): value is Binary {
  if (ArrayBuffer.isView(value)) return types.isDataView(value) || nameOf(value) in VIEWS;
  return types.isArrayBuffer(value);
}

/** Its kind, and its bytes as they are in memory: little endian on nearly every machine. */
export function writeBinary(value: Binary): readonly [name: string, base64: string] {
  if (!ArrayBuffer.isView(value)) return ['ArrayBuffer', Buffer.from(value).toString('base64')];
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return [types.isDataView(value) ? 'DataView' : nameOf(value), bytes.toString('base64')];
}

/** @throws PayloadError when there is no such kind, or these can't be bytes of one */
export function readBinary(name: unknown, base64: unknown): Binary {
  const { buffer } = new Uint8Array(readBase64(base64));
  if (name === 'ArrayBuffer') return buffer;
  if (name === 'DataView') return new DataView(buffer);
  if (typeof name !== 'string' || !Object.hasOwn(VIEWS, name)) {
    throw new PayloadError(`unknown kind of bytes ${show(name)}`);
  }
  const View = VIEWS[name as keyof typeof VIEWS];
  if (buffer.byteLength % View.BYTES_PER_ELEMENT === 0) return new View(buffer);
  throw new PayloadError(`${buffer.byteLength} bytes are no ${name}`);
}

/** @throws PayloadError when it is no base64; Node's own reader passes over what is none */
export function readBase64(text: unknown): Buffer {
  if (typeof text === 'string' && text.length % 4 === 0) {
    const bytes = Buffer.from(text, 'base64');
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    if (bytes.length === (text.length / 4) * 3 - padding) return bytes;
  }
  throw new PayloadError('expected base64');
}

const nameOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1);
