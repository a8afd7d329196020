import type { Clock } from '../common/clock.js';
import { HAND_OVER_MS } from './lock.store.js';

/** Why a waiter asks again: it was handed the lock, or it had better look. */
export type Ring = 'handed' | 'look';

/** Spreads those who look at the same moment. */
const JITTER_MS = 50;

/** One acquisition that waits in this process, and the bell that wakes it. */
export class Waiter {
  /** When it looks by itself, should it be the first of its line. */
  lookAt = 0;
  private rung: Ring | undefined;
  private wake: (() => void) | undefined;

  constructor(
    readonly key: string,
    readonly owner: string,
  ) {}

  /** Rings even if nobody listens yet: a hand-over may overtake the answer that says to wait for it. */
  ring(ring: Ring): void {
    if (this.rung !== 'handed') this.rung = ring;
    this.wake?.();
  }

  /** Returns once the bell has rung, and silences it. */
  async heard(): Promise<Ring> {
    if (this.rung === undefined) await new Promise<void>((resolve) => (this.wake = resolve));
    this.wake = undefined;
    const ring = this.rung ?? 'look';
    this.rung = undefined;
    return ring;
  }
}

interface Line {
  readonly waiters: Map<string, Waiter>;
  timer: { readonly waiter: Waiter; readonly at: number; readonly cancel: () => void } | undefined;
}

/**
 * Who waits in this process, a line for each key. The first of a line looks when the time of the lock's owner should
 * be over: an owner that died hands over to nobody. One is enough, since whoever looks brings the others forward.
 */
export class LockWaiters {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly clock: Clock) {}

  enter(key: string, owner: string): Waiter {
    const line = this.lines.get(key) ?? { waiters: new Map<string, Waiter>(), timer: undefined };
    const waiter = new Waiter(key, owner);
    waiter.lookAt = Number.POSITIVE_INFINITY;
    line.waiters.set(owner, waiter);
    this.lines.set(key, line);
    return waiter;
  }

  leave(waiter: Waiter): void {
    const line = this.lines.get(waiter.key);
    if (!line) return;
    line.waiters.delete(waiter.owner);
    if (line.waiters.size === 0) this.lines.delete(waiter.key);
    this.arm(line);
  }

  find(key: string, owner: string): Waiter | undefined {
    return this.lines.get(key)?.waiters.get(owner);
  }

  /** The waiter has just learned that the lock is taken for so long. */
  takenFor(waiter: Waiter, leftMs: number): void {
    waiter.lookAt = this.clock.now() + leftMs + Math.random() * JITTER_MS;
    const line = this.lines.get(waiter.key);
    if (line) this.arm(line);
  }

  /** Everybody of the key looks; left out: everybody. */
  lookAll(key?: string): void {
    for (const [name, line] of this.lines) {
      if (key === undefined || name === key) line.waiters.forEach((waiter) => waiter.ring('look'));
    }
  }

  private arm(line: Line): void {
    const [first] = line.waiters.values();
    const { timer } = line;
    if (timer && timer.waiter === first && timer.at === first.lookAt) return;
    timer?.cancel();
    line.timer = undefined;
    if (!first || first.lookAt === Number.POSITIVE_INFINITY) return;
    const now = this.clock.now();
    // Who has just become the first was outrun by a hand-over, so what it learned is old: it need not look at once.
    if (timer && timer.waiter !== first) first.lookAt = Math.max(first.lookAt, now + HAND_OVER_MS);
    const cancel = this.clock.after(first.lookAt - now, () => {
      line.timer = undefined;
      first.ring('look');
    });
    line.timer = { waiter: first, at: first.lookAt, cancel };
  }
}
