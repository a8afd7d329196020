import { decode, encode } from '../common/codec.js';
import { PayloadError } from '../common/errors.js';

/** A payload is encrypted with a key that this process has not. */
export class PayloadKeyError extends PayloadError {}

/** How payloads, results, errors, progress and log lines are written. */
export class TaskCodec {
  static readonly plain = new TaskCodec();

  encode(value: unknown, what: string, maxBytes?: number): string {
    return encode(value, what, maxBytes);
  }

  decode(text: string, what: string): unknown {
    return decode(text, what);
  }

  /** Workers of the version before can't read it. */
  needsNewReader(text: string): boolean {
    return text.startsWith('&') || text.startsWith('~');
  }
}
