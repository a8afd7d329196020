import { elapsed, type Clock } from '../common/clock.js';
import { HAND_OVER_MS } from './lock.store.js';

/** One that wants a lock. */
export interface Waiter {
  readonly claim: { readonly key: string; readonly owner: string };
  /** When it looks by itself, should it be the first of its line. */
  lookAt: number;
  /** Asks whether it has the lock. */
  look(): void;
}

/** Spreads those who look at the same moment. */
const JITTER_MS = 50;

interface Line<W> {
  readonly waiters: Map<string, W>;
  timer: { readonly waiter: W; readonly at: number; readonly cancel: () => void } | undefined;
}

/**
 * Who waits in this process, a line for each key. The first of a line looks when the time of the lock's owner should
 * be over: an owner that died hands over to nobody. One is enough, since whoever looks brings the others forward.
 */
export class LockWaiters<W extends Waiter = Waiter> {
  private readonly lines = new Map<string, Line<W>>();

  constructor(private readonly clock: Clock) {}

  enter(waiter: W): void {
    const { key, owner } = waiter.claim;
    const line = this.lines.get(key);
    if (line) line.waiters.set(owner, waiter);
    else this.lines.set(key, { waiters: new Map([[owner, waiter]]), timer: undefined });
  }

  leave(waiter: W): void {
    const { key, owner } = waiter.claim;
    const line = this.lines.get(key);
    if (!line) return;
    line.waiters.delete(owner);
    if (line.waiters.size === 0) this.lines.delete(key);
    this.arm(line);
  }

  find(key: string, owner: string): W | undefined {
    return this.lines.get(key)?.waiters.get(owner);
  }

  /** Everybody who waits, as of now. */
  all(): readonly W[] {
    return [...this.lines.values()].flatMap(({ waiters }) => [...waiters.values()]);
  }

  /** The waiter has just learned that the lock is taken for so long. */
  takenFor(waiter: W, leftMs: number): void {
    waiter.lookAt = elapsed(this.clock) + leftMs + Math.random() * JITTER_MS;
    const line = this.lines.get(waiter.claim.key);
    if (line) this.arm(line);
  }

  /** Everybody of the key looks; left out: everybody. */
  lookAll(key?: string): void {
    for (const [name, line] of this.lines) {
      if (key === undefined || name === key) line.waiters.forEach((waiter) => waiter.look());
    }
  }

  private arm(line: Line<W>): void {
    const [first] = line.waiters.values();
    const { timer } = line;
    if (timer && timer.waiter === first && timer.at === first.lookAt) return;
    timer?.cancel();
    line.timer = undefined;
    if (!first || first.lookAt === Number.POSITIVE_INFINITY) return;
    const now = elapsed(this.clock);
    // Who has just become the first was outrun by a hand-over, so what it learned is old: it need not look at once.
    if (timer && timer.waiter !== first) first.lookAt = Math.max(first.lookAt, now + HAND_OVER_MS);
    const cancel = this.clock.after(first.lookAt - now, () => {
      line.timer = undefined;
      first.look();
    });
    line.timer = { waiter: first, at: first.lookAt, cancel };
  }
}
