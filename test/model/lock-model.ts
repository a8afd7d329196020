import { HAND_OVER_MS, type HandOver, type LockClaim, type LockState } from '../../lib/lock/lock.store.js';

/** What is the same for all keys. */
export interface LockWorld {
  now(): number;
  processOf(owner: string): number;
  /** Nothing that is told to the process arrives, and the engine knows it. */
  isDeaf(process: number): boolean;
  /** Whoever does not take up what he was handed is taken for dead together with his process. */
  readonly dropsProcesses: boolean;
}

interface Holder {
  readonly claim: LockClaim;
  readonly token: number;
  readonly since: number;
  until: number;
  /** And has not taken it up. */
  handed: boolean;
}

export interface Told extends HandOver {
  readonly owner: string;
}

/** One key as the contract has it: two lists, and everything is counted anew each time. */
export class LockModel {
  /** What waiters were told, oldest first. */
  readonly told: Told[] = [];
  private holders: Holder[] = [];
  private queue: LockClaim[] = [];
  private newest = 0;

  constructor(private readonly world: LockWorld) {}

  /** The token, or for how long it is taken if nobody extends it. */
  tryAcquire(claim: LockClaim): { readonly token: number } | { readonly leftMs: number } {
    this.settle();
    const own = this.holderOf(claim);
    if (own) this.takeUp(own, claim.ttlMs);
    else if (this.queue.length === 0 && this.hasRoom(claim)) this.grant(claim, claim.ttlMs, false);
    const token = this.holderOf(claim)?.token;
    if (token !== undefined) return { token };
    return { leftMs: Math.min(...this.holders.map(({ until }) => until)) - this.world.now() };
  }

  acquire(claim: LockClaim): { readonly token: number } | { readonly leftMs: number } {
    const answer = this.tryAcquire(claim);
    if ('leftMs' in answer && !this.queue.includes(claim)) this.queue.push(claim);
    return answer;
  }

  extend(claim: LockClaim, ttlMs: number, token = 0): boolean {
    this.settle();
    const own = this.holderOf(claim);
    if (!own) return false;
    this.takeUp(own, ttlMs);
    this.newest = Math.max(this.newest, token);
    return true;
  }

  /** Whether he had it, and whether somebody was handed it while others wait behind. */
  release(claim: LockClaim): { readonly held: boolean; readonly watch: boolean } {
    const before = this.told.length;
    this.settle();
    const held = this.holderOf(claim) !== undefined;
    this.holders = this.holders.filter((holder) => holder.claim !== claim);
    this.queue = this.queue.filter((waiting) => waiting !== claim);
    this.serve();
    return { held, watch: this.told.length > before && this.queue.length > 0 };
  }

  forceRelease(): number {
    this.settle();
    const count = this.holders.length;
    this.holders = [];
    this.serve();
    return count;
  }

  /** Who has it is lost, and the newest token with them; who waits is not. */
  loseHolders(): void {
    this.holders = [];
    this.newest = 0;
  }

  inspect(): LockState {
    this.settle();
    const holders = this.holders.map(({ claim: { owner, permits }, token, since, until }) => ({
      owner,
      token,
      since,
      until,
      permits,
    }));
    return { holders, waiters: this.queue.length };
  }

  /** What every method does first. */
  settle(): void {
    const now = this.world.now();
    const over = this.holders.filter(({ until }) => until <= now);
    this.holders = this.holders.filter(({ until }) => until > now);
    for (const { claim, handed } of over) if (handed) this.dropProcess(this.world.processOf(claim.owner));
    this.serve();
  }

  private serve(): void {
    for (let head = this.queue[0]; head && this.hasRoom(head); head = this.queue[0]) {
      this.queue.shift();
      if (this.world.isDeaf(this.world.processOf(head.owner))) continue;
      const { token, until } = this.grant(head, Math.min(head.ttlMs, HAND_OVER_MS), true);
      this.told.push({ owner: head.owner, token, until });
    }
  }

  private grant(claim: LockClaim, ttlMs: number, handed: boolean): Holder {
    const now = this.world.now();
    this.newest = Math.max(this.newest + 1, now * 1_000);
    const holder = { claim, token: this.newest, since: now, until: now + ttlMs, handed };
    this.holders.push(holder);
    return holder;
  }

  private takeUp(holder: Holder, ttlMs: number): void {
    holder.until = this.world.now() + ttlMs;
    holder.handed = false;
  }

  private hasRoom({ permits, limit }: LockClaim): boolean {
    const out = this.holders.reduce((sum, { claim }) => sum + claim.permits, 0);
    return out + permits <= limit;
  }

  private holderOf(claim: LockClaim): Holder | undefined {
    return this.holders.find((holder) => holder.claim === claim);
  }

  private dropProcess(process: number): void {
    if (!this.world.dropsProcesses) return;
    this.queue = this.queue.filter(({ owner }) => this.world.processOf(owner) !== process);
  }
}
