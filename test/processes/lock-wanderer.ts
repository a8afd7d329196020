import { setTimeout as pause } from 'node:timers/promises';
import type { Lock, LockService } from 'nestjs-depot';
import { monotonic } from '../model/cache-history.js';
import { random } from '../support/random.js';
import { alone, EVERYTHING, READING, seated, TILLS, WRITING, type Wish } from './lock-keys.js';
import { GaveUp, NotedLocks, type Terms } from './lock-noted.js';
import type { LedgerClient } from './lock-notes.js';

const PAUSE_MS = 8;
const LONGEST_HOLD_MS = 20;
const MOST_WRITES = 4;
const GLANCE_MS = 3;
const TTL = { fromMs: 300, byMs: 500 } as const;
/** How long one waits who really wants it. */
export const PATIENCE_MS = 3_000;
/** When all is well everybody gets everything long before that. */
const LAST_PATIENCE_MS = 10_000;
const UNHURRIED: Manner = { ms: LONGEST_HOLD_MS, trusting: false };

/** How one behaves who has a lock. */
interface Manner {
  readonly ms: number;
  /** Writes without looking whether the lock is held still, as most programs do. */
  readonly trusting: boolean;
}

type Deed = readonly [times: number, deed: () => Promise<void>];

/** Wants locks, has them for a while and writes what they protect, one thing after the other; all of it by a seed. */
export class LockWanderer {
  private readonly chance: ReturnType<typeof random>;
  /** Each with how often it is done. */
  private readonly deeds: readonly Deed[] = [
    [30, () => this.stand(alone(this.anyTill()))],
    [10, () => this.stand(alone(this.anyTill()), { wait: 0 })],
    [8, () => this.stand(alone(this.anyTill()), { wait: this.below(40) })],
    [10, () => this.stand(alone(this.anyTill(), this.anyTill()))],
    [2, () => this.stand(alone(...TILLS))],
    [4, () => this.stand(alone(...TILLS), { wait: this.below(20) })],
    [25, () => this.stand(READING)],
    [10, () => this.stand(WRITING)],
    [20, () => this.stand(seated(1))],
    [8, () => this.stand(seated(2))],
    [8, () => this.giveUp()],
    [5, () => this.oneMore()],
    [3, () => this.outlive()],
    [2, () => this.keep()],
  ];
  private readonly stormy: readonly Deed[] = [[3, () => this.block()]];

  private readonly locks: NotedLocks;

  constructor(
    seed: number,
    locks: LockService,
    private readonly ledger: LedgerClient,
  ) {
    this.chance = random(seed);
    this.locks = new NotedLocks(locks, ledger);
  }

  async go(until: number, isStormy: boolean): Promise<void> {
    const deeds = isStormy ? [...this.deeds, ...this.stormy] : this.deeds;
    const all = deeds.reduce((sum, [times]) => sum + times, 0);
    while (monotonic() < until) {
      let at = this.chance.next() * all;
      await deeds.find(([times]) => (at -= times) < 0)?.[1]();
      await pause(this.below(PAUSE_MS));
    }
  }

  /** Gets everything once more. */
  async getAll(): Promise<void> {
    await Promise.all(
      EVERYTHING.map(async (wish) => {
        const locks = await this.want(wish, { wait: LAST_PATIENCE_MS }, true);
        if (locks) await this.hold(wish, locks, UNHURRIED);
      }),
    );
  }

  private async stand(wish: Wish, terms: Partial<Terms> = {}): Promise<void> {
    const locks = await this.want(wish, terms);
    if (!locks) return;
    await this.hold(wish, locks, { ms: this.below(LONGEST_HOLD_MS), trusting: this.chance.next() < 0.5 });
  }

  private async giveUp(): Promise<void> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new GaveUp()), this.below(20));
    await this.stand(this.chance.next() < 0.5 ? alone(this.anyTill()) : seated(2), { signal: abort.signal });
    clearTimeout(timer);
  }

  /** Has the first till, and then both. */
  private async oneMore(): Promise<void> {
    const first = alone(TILLS[0]);
    const locks = await this.want(first);
    const [within] = locks ?? [];
    if (!locks || !within) return;
    const more = await this.want(alone(...TILLS), { within, wait: this.below(200) });
    if (more) await this.hold(alone(...TILLS), more, UNHURRIED);
    await this.hold(first, locks, UNHURRIED);
  }

  /** Has it for longer than it may, and then writes without a look. */
  private async outlive(): Promise<void> {
    const ttl = 50 + this.below(100);
    await this.watch({ ttl, renew: false }, ttl + this.below(100));
  }

  /** Has it for longer than its ttl, and renews it. */
  private async keep(): Promise<void> {
    const ttl = 200 + this.below(100);
    await this.watch({ ttl }, 1.3 * ttl + this.below(300));
  }

  /** Looks all the time whether it is held. */
  private async watch(terms: Partial<Terms>, ms: number): Promise<void> {
    const wish = this.chance.next() < 0.5 ? alone(this.anyTill()) : WRITING;
    const locks = await this.want(wish, terms);
    if (!locks) return;
    await this.locks.write(wish, locks);
    const until = monotonic() + ms;
    while (monotonic() < until) {
      await pause(GLANCE_MS);
      this.locks.look(locks);
    }
    await this.hold(wish, locks, { ms: 0, trusting: true });
  }

  /** Blocks the event loop for longer than the lock lasts: whatever runs next knows that it is lost. */
  private async block(): Promise<void> {
    const wish = alone(this.anyTill());
    const locks = await this.want(wish, { ttl: TTL.fromMs });
    const [lock] = locks ?? [];
    if (!locks || !lock) return;
    const until = monotonic() + TTL.fromMs + 10 + this.below(200);
    while (monotonic() < until);
    this.ledger.tick();
    if (lock.held) this.ledger.wrong('block', `a blocked process believes to have ${lock.key}`);
    if (!lock.signal.aborted) this.ledger.wrong('block', `the signal of ${lock.key} knows nothing`);
    await this.hold(wish, locks, { ms: 0, trusting: true });
  }

  private want(wish: Wish, terms: Partial<Terms> = {}, last = false): Promise<readonly Lock[] | undefined> {
    const ttl = TTL.fromMs + this.below(TTL.byMs);
    return this.locks.want(wish, { ttl, wait: PATIENCE_MS, ...terms }, last);
  }

  private async hold(wish: Wish, locks: readonly Lock[], { ms, trusting }: Manner): Promise<void> {
    const writes = 1 + this.chance.below(MOST_WRITES);
    for (let n = 0; n < writes; n++) {
      // At once, so that whoever had it before is kept out from then on.
      if (n > 0) await pause(ms / writes);
      const held = this.locks.look(locks);
      if (!held && !trusting) break;
      if (!(await this.locks.write(wish, locks))) break;
      if (this.chance.next() < 0.05) await this.locks.extend(locks);
    }
    await this.locks.release(locks);
  }

  private anyTill(): string {
    return TILLS[this.chance.below(TILLS.length)] ?? '';
  }

  private below(limit: number): number {
    return Math.round(this.chance.next() * limit);
  }
}
