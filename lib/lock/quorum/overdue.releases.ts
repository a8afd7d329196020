import { elapsed, type Clock } from '../../common/clock.js';
import type { LockClaim } from '../lock.store.js';

interface Overdue {
  readonly claim: LockClaim;
  /** By then the server has let go of it by itself. */
  readonly until: number;
}

/** So often one of them is tried. */
const RETRY_MS = 1_000;

/** More are not worth remembering: they end by their ttl. */
const MOST = 1_000;

/**
 * What a server should have been told to release while it was away. One that hangs keeps what it knew, and when it is back it
 * is the gate again: without this, everybody would stand there behind somebody who left long ago, for as long as his ttl.
 */
export class OverdueReleases {
  private readonly overdue = new Map<string, Overdue>();
  private cancelRetry: (() => void) | undefined;
  private closed = false;

  /** @param release releases it if it is still to be released when its turn has come */
  constructor(
    private readonly release: (claim: LockClaim) => Promise<unknown>,
    private readonly clock: Clock,
  ) {}

  add(id: string, claim: LockClaim): void {
    if (this.closed || this.overdue.has(id) || this.overdue.size >= MOST) return;
    this.overdue.set(id, { claim, until: elapsed(this.clock) + claim.ttlMs });
    this.retryLater();
  }

  has(id: string): boolean {
    return this.overdue.has(id);
  }

  /** It is released, or its owner wants something of the server again. */
  drop(id: string): void {
    this.overdue.delete(id);
  }

  close(): void {
    this.closed = true;
    this.overdue.clear();
    this.cancelRetry?.();
    this.cancelRetry = undefined;
  }

  private retryLater(): void {
    if (this.overdue.size > 0) this.cancelRetry ??= this.clock.after(RETRY_MS, this.retry);
  }

  /** All of them, once the first one has shown that the server is back. */
  private readonly retry = (): void => {
    this.cancelRetry = undefined;
    const now = elapsed(this.clock);
    for (const [id, { until }] of this.overdue) if (until <= now) this.overdue.delete(id);
    const [first, ...others] = [...this.overdue.values()].map(({ claim }) => claim);
    if (!first) return;
    this.release(first)
      .then(() => others.forEach((claim) => void this.release(claim).catch(() => undefined)))
      .catch(() => undefined)
      .finally(() => this.retryLater());
  };
}
