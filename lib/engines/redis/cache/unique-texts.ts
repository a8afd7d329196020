import { randomBytes } from 'node:crypto';

/**
 * Texts that nobody else has or ever had, and none a part of another: what is random is drawn once, the rest is counted.
 * Letters, digits, `-` and `_`.
 */
export class UniqueTexts {
  private readonly prefix = randomBytes(9).toString('base64url');
  private count = 0;

  next(): string {
    return `${this.prefix}${(this.count++).toString(36)}_`;
  }
}
