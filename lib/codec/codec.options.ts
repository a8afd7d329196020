import { toBytes, type ByteSize } from '../common/bytes.js';
import { DepotConfigError, show } from '../common/errors.js';
import { checkKeys, wholeNumber } from '../common/options.js';
import { Compression } from './compression.js';
import { KEY_ID } from './frame.js';
import { KeyRing } from './key-ring.js';
import type { PayloadCodec } from './payload.codec.js';

/** How payloads, results, progress, errors and log lines of tasks are written. All processes need the same. */
export interface CodecOptions {
  /** Writes values in place of the built-in codec. @default JSON, and Date, Map, Set, BigInt, bytes, patterns, … */
  readonly payload?: PayloadCodec;
  /** Left out: nothing is compressed. What is compressed is read all the same. */
  readonly compress?: CompressOptions;
  /** Left out: nothing is encrypted. */
  readonly encrypt?: EncryptOptions;
}

export interface CompressOptions {
  /** Texts of more bytes are compressed, if that makes them shorter: `'64kb'`, or a number of bytes. @default '4kb' */
  readonly above?: ByteSize;
  /** 1 (fast) to 9 (small). @default 3 */
  readonly level?: number;
  /** Bytes that a text may have before it is compressed, and when it is decompressed. @default `tasks.maxPayload`, which is what it may have when stored */
  readonly max?: ByteSize;
}

export interface EncryptOptions {
  /** The first one writes, all of them read: a new key goes to the end everywhere first, then to the front. */
  readonly keys: readonly EncryptionKey[];
  /** What is not encrypted is refused; otherwise it is read, as what was written before encryption was switched on. @default false */
  readonly required?: boolean;
  /** `false`: what is encrypted is read, and nothing is encrypted; for before it is switched on, and after it is switched off. @default true */
  readonly write?: boolean;
}

/** A key for AES-256-GCM. It should be random: `openssl rand -base64 32`. */
export interface EncryptionKey {
  /** Stands in clear in what is encrypted with it: 1 to 32 letters, digits, `-` and `_`. */
  readonly id: string;
  /** 32 bytes, or base64 text of them. */
  readonly key: Uint8Array | string;
}

/** What `CodecOptions` come to. */
export interface CodecSettings {
  readonly payload: PayloadCodec | undefined;
  readonly compression: Compression | undefined;
  /** Bytes before compression and after decompression. */
  readonly maxTextBytes: number;
  /** What reads encrypted texts. */
  readonly keys: KeyRing | undefined;
  /** What encrypts. */
  readonly seals: KeyRing | undefined;
  readonly required: boolean;
}

/**
 * @param maxPayloadBytes `tasks.maxPayload`
 * @throws DepotConfigError naming the option and what is expected, its value only where that can't be a secret
 */
export function codecSettings(options: CodecOptions, maxPayloadBytes: number): CodecSettings {
  checkOptions(options, 'codec', ['payload', 'compress', 'encrypt']);
  const { payload, compress, encrypt } = options;
  if (compress !== undefined) checkOptions(compress, 'codec.compress', ['above', 'level', 'max']);
  if (encrypt !== undefined) checkOptions(encrypt, 'codec.encrypt', ['keys', 'required', 'write']);
  const keys = encrypt && keyRing(encrypt.keys);
  return {
    payload: payload === undefined ? undefined : checkPayloadCodec(payload),
    compression: compress && compression(compress),
    maxTextBytes:
      compress?.max === undefined
        ? maxPayloadBytes
        : wholeNumber(toBytes(compress.max, 'codec.compress.max'), 1, 536_870_912, 'codec.compress.max'),
    keys,
    seals: checkSwitch(encrypt?.write ?? true, 'codec.encrypt.write') ? keys : undefined,
    required: checkSwitch(encrypt?.required ?? false, 'codec.encrypt.required'),
  };
}

function compression({ above = '4kb', level = 3 }: CompressOptions): Compression {
  return new Compression(
    toBytes(above, 'codec.compress.above'),
    wholeNumber(level, 1, 9, 'codec.compress.level'),
  );
}

function checkPayloadCodec(value: unknown): PayloadCodec {
  const codec: Partial<PayloadCodec> = typeof value === 'object' && value !== null ? value : {};
  if (typeof codec.encode === 'function' && typeof codec.decode === 'function') return codec as PayloadCodec;
  throw new DepotConfigError(`codec.payload is ${kindOf(value)}; expected an object with encode and decode`);
}

function checkSwitch(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new DepotConfigError(`${name} is ${kindOf(value)}; expected true or false`);
}

function keyRing(keys: unknown): KeyRing {
  if (!Array.isArray(keys) || keys.length === 0) {
    throw new DepotConfigError(
      `codec.encrypt.keys is ${Array.isArray(keys) ? 'empty' : kindOf(keys)}; expected an array of { id, key }, the one that writes first`,
    );
  }
  const ring = new Map<string, Uint8Array>();
  for (const [i, entry] of keys.entries()) {
    const name = `codec.encrypt.keys[${i}]`;
    checkOptions(entry, name, ['id', 'key']);
    const { id, key } = entry as { id?: unknown; key?: unknown };
    const checked = checkId(id, `${name}.id`);
    if (ring.has(checked)) {
      throw new DepotConfigError(
        `${name}.id is '${checked}', as that of another key; expected one of its own`,
      );
    }
    ring.set(checked, checkKey(key, `${name}.key`));
  }
  const [writer = ''] = ring.keys();
  return new KeyRing(writer, ring);
}

function checkId(id: unknown, name: string): string {
  if (typeof id === 'string' && KEY_ID.test(id)) return id;
  throw new DepotConfigError(`${name} is ${kindOf(id)}; expected 1 to 32 letters, digits, - and _`);
}

const EXPECTED_KEY = 'expected 32 bytes, or base64 text of 32 bytes (44 characters)';
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

function checkKey(key: unknown, name: string): Uint8Array {
  if (typeof key === 'string' && !BASE64.test(key)) {
    throw new DepotConfigError(`${name} is ${kindOf(key)} that is no base64; ${EXPECTED_KEY}`);
  }
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : key;
  if (!(bytes instanceof Uint8Array))
    throw new DepotConfigError(`${name} is ${kindOf(key)}; ${EXPECTED_KEY}`);
  if (bytes.length === 32) return bytes;
  throw new DepotConfigError(`${name} is ${bytes.length} bytes long; ${EXPECTED_KEY}`);
}

/** As `checkKeys`, but what stands where an object should may be a key: it is not shown. */
function checkOptions(options: unknown, name: string, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new DepotConfigError(`${name} is ${kindOf(options)}; expected an object`);
  }
  checkKeys(options, name, known);
}

/** What a value is, without saying it. */
const kindOf = (value: unknown): string =>
  typeof value === 'string'
    ? `text of ${value.length} characters`
    : typeof value === 'number'
      ? 'a number'
      : show(value);
