import { expect } from '@jest/globals';
import type { LockAnswer, LockClaim, LockStore } from '../../lib/lock/lock.store.js';
import { LockModel, type Told } from './lock-model.js';
import { KEYS, PROCESSES, type OwnerPlan, type Step } from './lock-model.plan.js';
import { LockRules } from './lock-model.rules.js';

/** An engine with a few processes, and a clock that only histories move. */
export interface LocksUnderTest {
  /** The same locks, seen by each process. */
  readonly processes: readonly LockStore[];
  readonly dropsProcesses: boolean;
  /** Knows exactly how long a lock is taken; else it may say less. */
  readonly isExact: boolean;
  now(): number;
  /** The clock goes on, or back. */
  move(ms: number): Promise<void>;
  /** Everything that was told by now has been heard. */
  heard(): Promise<void>;
  /** The process hears nothing any more, or again. Left out: there is no such thing. */
  readonly hears?: (process: number, hears: boolean) => Promise<void>;
  /** Drops what is stored of who has the lock, and not of who waits. Left out: it can't. */
  readonly evict?: (key: string) => Promise<void>;
  /** Fails when what is stored of the lock does not fit together. */
  readonly audit?: (key: string) => Promise<void>;
  close(): Promise<void>;
}

const DRAIN_TURNS = 50;
/** Far enough to be seen, near enough to be exact. */
const RAISE = 5_000_000;

/** One history: what an engine does is what the model does. */
export class LockHistory {
  readonly log: string[] = [];
  private readonly claims: readonly LockClaim[];
  private readonly models: readonly LockModel[];
  private readonly rules: readonly LockRules[];
  private readonly deaf = new Set<number>();
  private readonly told: (readonly [process: number, key: string, told: Told])[] = [];

  constructor(
    private readonly engine: LocksUnderTest,
    private readonly owners: readonly OwnerPlan[],
    private readonly number: number,
  ) {
    this.claims = owners.map(({ ttlMs, permits, limit, key }, at) => ({
      key: this.keyOf(key),
      owner: `${number}-o${at}`,
      ttlMs,
      permits,
      limit,
    }));
    const world = {
      now: () => engine.now(),
      processOf: (owner: string) => this.processOf(owner),
      isDeaf: (process: number) => this.deaf.has(process),
      dropsProcesses: engine.dropsProcesses,
    };
    const limitOf = (owner: string): number => this.claims.find((claim) => claim.owner === owner)?.limit ?? 0;
    this.models = Array.from({ length: KEYS }, () => new LockModel(world));
    this.rules = Array.from({ length: KEYS }, () => new LockRules(limitOf));
  }

  /** What a process was told; of other histories, too. */
  hear(process: number, key: string, told: Told): void {
    if (!told.owner.startsWith(`${this.number}-`)) return;
    const by = this.engine.processes.length > 1 ? process : this.processOf(told.owner);
    this.told.push([by, key, told]);
  }

  async take(step: Step): Promise<void> {
    this.log.push(JSON.stringify({ at: this.engine.now(), ...step }));
    await this.act(step);
    if (step.looks) await this.compare();
  }

  /** Whoever has it releases it, and whoever is handed it: in the end nobody has it and nobody waits. */
  async drain(): Promise<void> {
    await this.endDeafness();
    for (let turn = 0; turn < DRAIN_TURNS; turn++) {
      await this.compare();
      const holding = this.models.flatMap((model) => model.inspect().holders);
      if (holding.length === 0) break;
      for (const claim of this.claims.filter(({ owner }) => holding.some((holder) => holder.owner === owner)))
        await this.release(claim);
    }
    for (const model of this.models) expect(model.inspect()).toEqual({ holders: [], waiters: 0 });
  }

  async endDeafness(): Promise<void> {
    for (const process of [...this.deaf]) await this.setHearing(process, true);
  }

  private async act({ kind, who, key, process, ttlMs, ms }: Step): Promise<void> {
    const claim = this.claims[who % this.claims.length];
    if (!claim) return;
    const [store, model] = [this.storeOf(claim), this.modelOf(claim)];
    switch (kind) {
      case 'try':
        return this.expectAnswer(await store.tryAcquire(claim), model.tryAcquire(claim));
      case 'acquire':
        return this.expectAnswer(await store.acquire(claim), model.acquire(claim));
      case 'release':
        return this.release(claim);
      case 'extend':
        expect(await store.extend(claim, ttlMs)).toBe(model.extend(claim, ttlMs));
        return;
      case 'raise': {
        const token = this.engine.now() * 1_000 + ms * RAISE;
        expect(await store.extend(claim, ttlMs, token)).toBe(model.extend(claim, ttlMs, token));
        return;
      }
      case 'look':
        await store.look(claim.key);
        return model.settle();
      case 'force':
        expect(await this.anyStore.forceRelease(this.keyOf(key))).toBe(this.models[key]?.forceRelease());
        return;
      case 'evict':
        return this.evict(key);
      case 'pass':
        return this.engine.move(ms);
      case 'set back':
        return this.engine.move(-ms);
      case 'deafen':
        return this.setHearing(process, false);
      case 'hear':
        return this.setHearing(process, true);
    }
  }

  private async evict(at: number): Promise<void> {
    if (!this.engine.evict) return;
    await this.engine.evict(this.keyOf(at));
    this.models[at]?.loseHolders();
    this.rules[at]?.forget();
  }

  private async release(claim: LockClaim): Promise<void> {
    const { held, watch } = await this.storeOf(claim).release(claim);
    const expected = this.modelOf(claim).release(claim);
    expect(held).toBe(expected.held);
    // Where processes don't die nobody need watch them.
    if (this.engine.dropsProcesses) expect(watch).toBe(expected.watch);
  }

  private expectAnswer(
    answer: LockAnswer,
    expected: { readonly token: number } | { readonly leftMs: number },
  ): void {
    if ('token' in expected) {
      expect(answer).toEqual({ granted: true, token: expected.token });
      return;
    }
    const leftMs = answer.granted ? Number.NaN : answer.leftMs;
    expect(answer).toEqual({ granted: false, leftMs, at: this.engine.now() });
    if (this.engine.isExact) expect(leftMs).toBe(expected.leftMs);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(expected.leftMs);
  }

  private async compare(): Promise<void> {
    const look = async (model: LockModel, at: number): Promise<void> => {
      const state = await this.anyStore.inspect(this.keyOf(at));
      expect(state).toEqual(model.inspect());
      this.rules[at]?.check(state);
      await this.engine.audit?.(this.keyOf(at));
    };
    await Promise.all(this.models.map(look));
    await this.engine.heard();
    for (const [at, model] of this.models.entries()) {
      for (let process = 0; process < PROCESSES; process++) {
        const told = this.told.filter(([by, key]) => by === process && key === this.keyOf(at));
        expect(told.map(([, , what]) => what)).toEqual(
          model.told.filter(({ owner }) => this.processOf(owner) === process),
        );
      }
    }
  }

  private async setHearing(process: number, hears: boolean): Promise<void> {
    if (!this.engine.hears || this.deaf.has(process) !== hears) return;
    await this.engine.hears(process, hears);
    if (hears) this.deaf.delete(process);
    else this.deaf.add(process);
  }

  private get anyStore(): LockStore {
    const [store] = this.engine.processes;
    if (!store) throw new Error('there is no process');
    return store;
  }

  private storeOf({ owner }: LockClaim): LockStore {
    return this.engine.processes[this.processOf(owner)] ?? this.anyStore;
  }

  private modelOf({ key }: LockClaim): LockModel {
    const model = this.models.find((_, at) => this.keyOf(at) === key);
    if (!model) throw new Error(`there is no ${key}`);
    return model;
  }

  private processOf(owner: string): number {
    return this.owners[Number(owner.slice(owner.indexOf('o') + 1))]?.process ?? 0;
  }

  private keyOf(at: number): string {
    return `${this.number}-k${at}`;
  }
}
