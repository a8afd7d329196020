import { deflateSync, inflateSync } from 'node:zlib';
import { PayloadError } from '../common/errors.js';

/** Of a UTF-16 unit in UTF-8. */
const MOST_BYTES = 3;

/** Makes long texts shorter. zlib, of level 3: 100 KB of JSON take half a millisecond and become 20 KB. */
export class Compression {
  constructor(
    /** Texts of more bytes are compressed. */
    private readonly above: number,
    private readonly level: number,
  ) {}

  /** Whether it needs no counting to see that a text is too short. */
  passesOver(text: string): boolean {
    return text.length * MOST_BYTES <= this.above;
  }

  /** The compressed bytes, if there are enough of them to try. They may be more than before. */
  shrink(text: Buffer): Buffer | undefined {
    return text.length > this.above ? deflateSync(text, { level: this.level }) : undefined;
  }
}

/**
 * @param limit no more bytes are made: a short text may hold gigabytes
 * @throws PayloadError when it holds more, or is not compressed at all
 */
export function inflate(bytes: Buffer, limit: number, what: string): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: Math.max(1, limit) });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new PayloadError(
        `${what} can't be read: it is more than ${limit} bytes when decompressed; at most so many are allowed (codec.compress.max, else tasks.maxPayload)`,
      );
    }
    throw new PayloadError(`${what} can't be read: its compressed bytes are damaged`);
  }
}
