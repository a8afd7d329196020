import { expect } from '@jest/globals';
import type { LockState } from '../../lib/lock/lock.store.js';

/** What must be true of all that an engine ever says of a key, whatever the model thinks. */
export class LockRules {
  private readonly tokens = new Map<string, number>();
  private newest = 0;

  constructor(private readonly limitOf: (owner: string) => number) {}

  /** A token may come again when the last one is lost and the clock has not gone on. */
  forget(): void {
    this.tokens.clear();
    this.newest = 0;
  }

  check({ holders, waiters }: LockState): void {
    if (waiters > 0) expect(holders).not.toEqual([]);
    let out = 0;
    // Who came before him and is still there was there when he came.
    for (const { owner, permits, token } of holders) {
      out += permits;
      expect(out).toBeLessThanOrEqual(this.limitOf(owner));
      if (this.tokens.get(owner) === token) continue;
      expect(token).toBeGreaterThan(this.newest);
      this.tokens.set(owner, token);
      this.newest = token;
    }
  }
}
