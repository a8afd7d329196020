import { PayloadError, PayloadKeyError } from '../common/errors.js';

/**
 * What was done to a text, said in front of it: `~1ze:k2.…` was compressed, then encrypted with key `k2`. docs/codec.md
 * has the format.
 */
export interface Treatment {
  /** A codec of the user's wrote the text. */
  readonly custom: boolean;
  /** The frame holds bytes, as base64url; otherwise the text as it is. */
  readonly bytes: boolean;
  readonly compressed: boolean;
  /** The key that it is encrypted with. */
  readonly keyId: string | undefined;
}

export interface Frame extends Treatment {
  /** `~`, version, what was done, key, and a dot. */
  readonly header: string;
  readonly body: string;
}

export const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;

const HEADER = /^~([0-9a-z]{1,8})(?::([A-Za-z0-9_-]{1,32}))?\./;

/** `c`: a custom codec's text. `b`: as bytes. `z`: zlib. `e`: encrypted. In the order in which it was done. */
const KNOWN = /^1(?:(c)|(c)b|(c)?z|(c)?(z)?e)$/;

export function frameHeader({ custom, bytes, compressed, keyId }: Treatment): string {
  const asBytes = bytes && !compressed && keyId === undefined;
  const done = `${custom ? 'c' : ''}${asBytes ? 'b' : ''}${compressed ? 'z' : ''}`;
  return keyId === undefined ? `~1${done}.` : `~1${done}e:${keyId}.`;
}

/** @throws PayloadKeyError when it was framed by a later version, PayloadError when it is no frame */
export function readFrame(text: string, what: string): Frame {
  const [header, done = '', keyId] = HEADER.exec(text) ?? [];
  if (header === undefined) throw malformed(what);
  if (!KNOWN.test(done)) {
    throw new PayloadKeyError(
      `${what} can't be read: it is framed as ~${done}, which this version of nestjs-depot does not know`,
    );
  }
  if (done.endsWith('e') !== (keyId !== undefined)) throw malformed(what);
  return {
    header,
    body: text.slice(header.length),
    custom: done.includes('c'),
    bytes: done !== '1c',
    compressed: done.includes('z'),
    keyId,
  };
}

/** @throws PayloadError when it is not written as this library writes it */
export function bytesOf(body: string, what: string): Buffer {
  const bytes = Buffer.from(body, 'base64url');
  // Node's reader passes over what is no base64url, and over odd bits at the end.
  if (bytes.toString('base64url') !== body) throw malformed(what);
  return bytes;
}

const malformed = (what: string): PayloadError =>
  new PayloadError(`${what} can't be read: it begins like a frame of nestjs-depot, and is none`);
