import type { CodecSettings } from '../codec/codec.options.js';
import { inflate } from '../codec/compression.js';
import { bytesOf, frameHeader, readFrame } from '../codec/frame.js';
import type { PayloadCodec } from '../codec/payload.codec.js';
import { decode, encode, FRAME, isNewText } from '../common/codec.js';
import { PayloadError, PayloadKeyError, show, toError } from '../common/errors.js';

export { PayloadKeyError };

const DEFAULT_MAX_TEXT_BYTES = 1_048_576;

/** Ends a line, or is half a character. */
const NOT_IN_A_LINE = /[\n\r\p{Surrogate}]/u;

/**
 * How payloads, results, progress, errors and log lines are written: as text by the built-in codec or one of the user's,
 * then compressed, then encrypted, as far as the options say. It reads whatever any of these wrote. Nothing configured
 * means nothing but the built-in codec.
 */
export class TaskCodec {
  static readonly plain = new TaskCodec();

  // Private at run time, too: keys are in there.
  readonly #settings: CodecSettings | undefined;
  readonly #frames: boolean;

  constructor(settings?: CodecSettings) {
    this.#settings = settings;
    this.#frames = (settings?.payload ?? settings?.compression ?? settings?.seals) !== undefined;
  }

  /**
   * @param what the value, for messages
   * @param maxBytes how long the text may be
   * @throws PayloadError when the value can't be written, or is too long
   */
  encode(value: unknown, what: string, maxBytes?: number): string {
    if (!this.#frames || !this.#settings) return encode(value, what, maxBytes);
    return value === undefined ? '' : frame(value, what, maxBytes, this.#settings);
  }

  /** @throws PayloadError when nobody, PayloadKeyError when this process can't read it */
  decode(text: string, what: string): unknown {
    if (text.startsWith(FRAME)) return unframe(text, what, this.#settings);
    if (this.#settings?.required === true && text !== '') throw notEncrypted(what);
    return decode(text, what);
  }

  /** Workers of the version before can't read it. */
  needsNewReader(text: string): boolean {
    return isNewText(text);
  }
}

function frame(
  value: unknown,
  what: string,
  maxBytes: number | undefined,
  { payload, compression, maxTextBytes, seals }: CodecSettings,
): string {
  const mayHave = maxBytes !== undefined && compression ? Math.max(maxBytes, maxTextBytes) : maxBytes;
  const text = payload ? encodedBy(payload, value, what) : encode(value, what, mayHave);
  const fits = maxBytes === undefined || text.length * 3 <= maxBytes;
  if (!payload && !seals && compression?.passesOver(text) && fits) return text;
  const raw = Buffer.from(text);
  if (mayHave !== undefined && raw.length > mayHave) throw tooLong(what, raw.length, raw.length, mayHave);

  // What nobody may decompress is not compressed.
  const small = raw.length <= maxTextBytes ? compression?.shrink(raw) : undefined;
  const keyId = seals?.writer;
  const custom = payload !== undefined;
  const compressed =
    small !== undefined && (keyId === undefined ? framedLength(small) : small.length) < raw.length;
  const bytes = keyId !== undefined || compressed || (custom && NOT_IN_A_LINE.test(text));
  const header = bytes || custom ? frameHeader({ custom, bytes, compressed, keyId }) : '';
  let stored = header + text;
  if (bytes) {
    const body = compressed ? small : raw;
    stored = header + (seals ? seals.seal(body, header, what) : body).toString('base64url');
  }

  if (maxBytes !== undefined) {
    const length = Buffer.byteLength(stored);
    if (length > maxBytes) throw tooLong(what, length, raw.length, maxBytes);
  }
  return stored;
}

function unframe(text: string, what: string, settings: CodecSettings | undefined): unknown {
  const { header, body, custom, bytes, compressed, keyId } = readFrame(text, what);
  const { keys, required = false, maxTextBytes = DEFAULT_MAX_TEXT_BYTES } = settings ?? {};
  const payload = custom ? settings?.payload : undefined;
  if (required && keyId === undefined) throw notEncrypted(what);
  if (custom && !payload) {
    throw new PayloadKeyError(
      `${what} can't be read: it was written by a codec of yours; codec.payload is not set here`,
    );
  }
  if (!bytes) return decodedBy(payload, body, what);
  let content = bytesOf(body, what);
  if (keyId !== undefined) {
    if (!keys) {
      throw new PayloadKeyError(
        `${what} can't be read: it is encrypted with key '${keyId}'; codec.encrypt is not set here`,
      );
    }
    content = keys.open(content, keyId, header, what);
  }
  if (compressed) content = inflate(content, maxTextBytes, what);
  if (keyId === undefined) return decodedBy(payload, content.toString(), what);
  try {
    return decodedBy(payload, content.toString(), what);
  } catch {
    // What a reader says about a text may quote it, and this one was encrypted.
    throw new PayloadError(
      `${what} can't be read: key '${keyId}' opens it, and what is inside is no payload`,
    );
  }
}

/** Bytes of a frame that holds these and no more was done to them. */
const framedLength = ({ length }: Buffer): number => '~1cz.'.length + Math.ceil((length * 4) / 3);

function encodedBy(codec: PayloadCodec, value: unknown, what: string): string {
  let text: unknown;
  try {
    text = codec.encode(value);
  } catch (error) {
    throw new PayloadError(`${what} can't be written by codec.payload: ${toError(error).message}`, {
      cause: error,
    });
  }
  if (typeof text === 'string') {
    // Half of a character would become another one on its way.
    if (/\p{Surrogate}/u.test(text))
      throw new PayloadError(`${what} was written as malformed text by codec.payload`);
    return text;
  }
  throw new PayloadError(`${what} was written as ${show(text)} by codec.payload; expected text`);
}

function decodedBy(codec: PayloadCodec | undefined, text: string, what: string): unknown {
  if (!codec) return decode(text, what);
  try {
    return codec.decode(text);
  } catch (error) {
    throw new PayloadError(`${what} can't be read by codec.payload: ${toError(error).message}`, {
      cause: error,
    });
  }
}

function tooLong(what: string, stored: number, raw: number, maxBytes: number): PayloadError {
  const before = stored === raw ? 'serialised' : `as stored, ${raw} before compression and encryption`;
  return new PayloadError(`${what} is ${stored} bytes ${before}; at most ${maxBytes} are allowed`);
}

const notEncrypted = (what: string): PayloadError =>
  new PayloadError(`${what} is not encrypted, which codec.encrypt.required asks for; it is not read`);
