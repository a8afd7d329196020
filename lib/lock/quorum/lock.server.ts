import type { Clock } from '../../common/clock.js';
import { EngineUnavailableError, toError } from '../../common/errors.js';
import type {
  GrantedListener,
  LockAnswer,
  LockClaim,
  LockRelease,
  LockState,
  LockStore,
} from '../lock.store.js';
import { OverdueReleases } from './overdue.releases.js';

/**
 * One of the servers of a quorum. It answers in bounded time; and what it is asked for an owner it is asked in order, so that
 * giving something back never overtakes the question that brought it, even when nobody waits for its answer any more.
 */
export class LockServer {
  /** By claim, the last that it was asked and has not answered yet. */
  private readonly pending = new Map<string, Promise<unknown>>();
  private readonly overdue: OverdueReleases;

  /**
   * @param name for messages
   * @param failed is told when it has not answered
   */
  constructor(
    readonly name: string,
    private readonly store: LockStore,
    private readonly timeoutMs: number,
    private readonly clock: Clock,
    private readonly failed: (server: LockServer) => void,
  ) {
    this.overdue = new OverdueReleases((claim) => this.releaseOverdue(claim), clock);
  }

  tryAcquire(claim: LockClaim): Promise<LockAnswer> {
    return this.inOrder(claim, () => {
      this.overdue.drop(idOf(claim));
      return this.store.tryAcquire(claim);
    });
  }

  acquire(claim: LockClaim): Promise<LockAnswer> {
    return this.inOrder(claim, () => {
      this.overdue.drop(idOf(claim));
      return this.store.acquire(claim);
    });
  }

  extend(claim: LockClaim, ttlMs: number, token?: number): Promise<boolean> {
    return this.inOrder(claim, () => this.store.extend(claim, ttlMs, token));
  }

  /** Should it fail, it is repeated for as long as the owner may have anything here. */
  release(claim: LockClaim): Promise<LockRelease> {
    return this.inOrder(claim, () =>
      this.store.release(claim).catch((error: unknown) => {
        this.overdue.add(idOf(claim), claim);
        throw error;
      }),
    );
  }

  /** Releases, whenever that will be. */
  giveBack(claim: LockClaim): void {
    this.release(claim).catch(() => undefined);
  }

  look(key: string): Promise<boolean> {
    return this.bounded(this.store.look(key));
  }

  inspect(key: string): Promise<LockState> {
    return this.bounded(this.store.inspect(key));
  }

  forceRelease(key: string): Promise<number> {
    return this.bounded(this.store.forceRelease(key));
  }

  onGranted(listener: GrantedListener): void {
    this.store.onGranted(listener);
  }

  onGap(listener: () => void): void {
    this.store.onGap(listener);
  }

  /** Nothing is repeated any more. */
  close(): void {
    this.overdue.close();
  }

  /** Unless its owner has come back before. */
  private releaseOverdue(claim: LockClaim): Promise<void> {
    const id = idOf(claim);
    return this.inOrder(claim, async () => {
      if (!this.overdue.has(id)) return;
      await this.store.release(claim);
      this.overdue.drop(id);
    });
  }

  private inOrder<T>(claim: LockClaim, ask: () => Promise<T>): Promise<T> {
    const id = idOf(claim);
    const before = this.pending.get(id);
    const answer = before ? before.then(ask, ask) : ask();
    this.pending.set(id, answer);
    const over = (): void => {
      if (this.pending.get(id) === answer) this.pending.delete(id);
    };
    answer.then(over, over);
    return this.bounded(answer);
  }

  /** The answer may come later, and is nobody's then. */
  private bounded<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(this.timeoutMs, () => {
        this.failed(this);
        reject(new EngineUnavailableError(`No answer from ${this.name} within ${this.timeoutMs} ms`));
      });
      answer.then(
        (value) => {
          cancel();
          resolve(value);
        },
        (error: unknown) => {
          cancel();
          this.failed(this);
          reject(toError(error));
        },
      );
    });
  }
}

/** An owner has no white space. */
export const idOf = ({ key, owner }: Pick<LockClaim, 'key' | 'owner'>): string => `${owner} ${key}`;
