import { EngineUnavailableError } from '../../../lib/common/errors.js';
import type {
  GrantedListener,
  HandOver,
  LockAnswer,
  LockClaim,
  LockRelease,
  LockState,
  LockStore,
} from '../../../lib/lock/lock.store.js';
import { Deferred } from '../../support/deferred.js';

/**
 * What one process sees of an engine that others share: it can be away, slow, and lose what it should tell; it counts what
 * it is asked, and tells this process of nobody else's hand-overs.
 */
export class FragileLockStore implements LockStore {
  /** 'before': nothing happens. 'after': it happens, but nobody hears of it. */
  away: 'no' | 'before' | 'after' = 'no';
  /** Hand-overs are not told. */
  deaf = false;
  /** What releases say instead of whether somebody has to watch. */
  watch: boolean | undefined;
  /** How many times more a look says that somebody has to look again. */
  looksLeft = 0;
  readonly calls: string[] = [];
  /** What was asked for, in that order, each time. */
  readonly claims: LockClaim[] = [];
  /** Every hand-over to this process, told or not. */
  readonly handOvers: { readonly key: string; readonly owner: string; readonly handOver: HandOver }[] = [];
  private readonly gates = new Set<() => void>();
  private requests: Promise<unknown> | undefined;
  private answers: Promise<unknown> | undefined;
  private readonly owners = new Set<string>();
  private readonly grantListeners: GrantedListener[] = [];
  private readonly gapListeners: (() => void)[] = [];

  constructor(private readonly inner: LockStore) {}

  tryAcquire(claim: LockClaim): Promise<LockAnswer> {
    this.claims.push(claim);
    return this.answer('tryAcquire', () => this.inner.tryAcquire(claim));
  }

  acquire(claim: LockClaim): Promise<LockAnswer> {
    this.claims.push(claim);
    this.owners.add(claim.owner);
    return this.answer('acquire', () => this.inner.acquire(claim));
  }

  extend(claim: LockClaim, ttlMs: number, token?: number): Promise<boolean> {
    return this.answer('extend', () => this.inner.extend(claim, ttlMs, token));
  }

  release(claim: LockClaim): Promise<LockRelease> {
    return this.answer('release', async () => {
      const { held, watch } = await this.inner.release(claim);
      return { held, watch: this.watch ?? watch };
    });
  }

  look(key: string): Promise<boolean> {
    return this.answer('look', async () => (await this.inner.look(key)) || this.looksLeft-- > 0);
  }

  inspect(key: string): Promise<LockState> {
    return this.answer('inspect', () => this.inner.inspect(key));
  }

  forceRelease(key: string): Promise<number> {
    return this.answer('forceRelease', () => this.inner.forceRelease(key));
  }

  onGranted(listener: GrantedListener): void {
    this.grantListeners.push(listener);
    this.inner.onGranted((key, owner, handOver) => {
      if (!this.owners.has(owner)) return;
      this.handOvers.push({ key, owner, handOver });
      if (!this.deaf) listener(key, owner, handOver);
    });
  }

  onGap(listener: () => void): void {
    this.gapListeners.push(listener);
  }

  /** Tells of the latest hand-over, late or again. */
  tell(): void {
    const last = this.handOvers.at(-1);
    if (!last) throw new Error('nothing was handed over');
    for (const listener of this.grantListeners) listener(last.key, last.owner, last.handOver);
  }

  /** As after a reconnect. */
  gap(): void {
    for (const listener of this.gapListeners) listener();
  }

  /** Calls from now on are under way, to the engine or back from it, until the returned function is called. */
  slow(way: 'requests' | 'answers'): () => void {
    const { promise, resolve } = new Deferred<undefined>();
    this[way] = promise;
    const arrive = (): void => {
      if (this[way] === promise) this[way] = undefined;
      this.gates.delete(arrive);
      resolve(undefined);
    };
    this.gates.add(arrive);
    return arrive;
  }

  /** Nothing fails any more, and everything that is under way arrives. */
  recover(): void {
    this.away = 'no';
    this.deaf = false;
    for (const arrive of [...this.gates]) arrive();
  }

  private async answer<T>(name: string, ask: () => Promise<T>): Promise<T> {
    const { requests, answers } = this;
    this.calls.push(name);
    await requests;
    if (this.away === 'before') throw new EngineUnavailableError("Can't reach Redis");
    const answer = await ask();
    await answers;
    if (this.away === 'after') throw new EngineUnavailableError('No answer from Redis');
    return answer;
  }
}
