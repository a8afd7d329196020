import { toError, type EngineUnavailableError } from '../../common/errors.js';
import type { LockAnswer, LockClaim } from '../lock.store.js';
import type { LockServer } from './lock.server.js';
import { noMajority } from './quorum.poll.js';
import { majorityOf } from './quorum.terms.js';

/** What the owner is to a server, as far as it has said. */
type Standing = 'asked' | 'waits' | 'has it' | 'refused' | 'away';

/**
 * The way of one owner to a majority, in two rounds. In the first one servers grant him the lock, each with a token of its own.
 * In the second one he extends the lock on them, and writes the greatest of those tokens to them: the majority of whoever
 * comes next has one of these servers in it, so his token will be greater. Without that, tokens of majorities would not grow:
 * with counters of 10, 5 and 5, the first two grant 11, and then the last two 6.
 *
 * Nothing of the first round counts unless the second one confirms it, so it does not matter how long the first one took.
 */
export class Gathering {
  /** Resolves when it is won or lost. */
  readonly over: Promise<void>;
  /** The fencing token, when it is won. */
  token: number | undefined;
  /** For how long it is taken, as far as servers have said so. */
  leftMs: number | undefined;
  private state: 'open' | 'won' | 'lost' = 'open';
  private readonly standing = new Map<LockServer, Standing>();
  private readonly tokens = new Map<LockServer, number>();
  private readonly confirmed = new Set<LockServer>();
  private readonly errors = new Map<LockServer, Error>();
  private readonly needed: number;
  /** The token of the second round, once that has begun. */
  private greatest: number | undefined;
  private finish: () => void = () => undefined;

  /**
   * @param claim as servers are asked
   * @param ttlMs what the second round extends the lock by
   * @param how 'try': a server that refuses has decided, and the first one that answers decides for all. 'stand': the owner
   *   waits there
   */
  constructor(
    private readonly servers: readonly LockServer[],
    private readonly claim: LockClaim,
    private readonly ttlMs: number,
    private readonly how: 'try' | 'stand',
  ) {
    this.needed = majorityOf(servers.length);
    this.over = new Promise((resolve) => (this.finish = resolve));
  }

  /** Asks those servers that have not said anything yet. */
  ask(): void {
    const { claim, how } = this;
    const asked = this.servers.filter((server) => !this.standing.has(server));
    for (const server of asked) this.standing.set(server, 'asked');
    for (const server of asked) {
      const answer = how === 'try' ? server.tryAcquire(claim) : server.acquire(claim);
      answer.then(
        (said) => this.answered(server, said),
        (error: unknown) => this.failed(server, error),
      );
    }
  }

  /** The server has granted or handed over the lock. */
  granted(server: LockServer, token: number): void {
    if (this.tokens.has(server)) return;
    this.standing.set(server, 'has it');
    this.errors.delete(server);
    this.tokens.set(server, token);
    if (this.state !== 'open') return;
    if (this.greatest !== undefined) this.confirm(server, this.greatest);
    else if (this.tokens.size < this.needed) this.count();
    else {
      this.greatest = Math.max(...this.tokens.values());
      for (const one of this.tokens.keys()) this.confirm(one, this.greatest);
    }
  }

  /** It has taken too long. */
  giveUp(): void {
    this.end('lost');
  }

  /** Leaves everything that servers may have granted, and their queues. */
  leave(): void {
    for (const [server, standing] of this.standing) if (standing !== 'refused') server.giveBack(this.claim);
  }

  /** Why it is lost, if that is because too few servers answered. */
  get failure(): EngineUnavailableError | undefined {
    const { length } = this.servers;
    const answered = length - this.errors.size;
    return answered < this.needed ? noMajority(answered, length, [...this.errors.values()]) : undefined;
  }

  /** Whether the server has said in the second round that the owner has nothing there. */
  wasRefusedBy(server: LockServer): boolean {
    return this.standing.get(server) === 'refused';
  }

  private answered(server: LockServer, answer: LockAnswer): void {
    if (answer.granted) this.granted(server, answer.token);
    // A hand-over may overtake the answer that says to wait for it.
    else if (!this.tokens.has(server)) {
      this.leftMs = Math.min(this.leftMs ?? answer.leftMs, answer.leftMs);
      this.standing.set(server, this.how === 'try' ? 'refused' : 'waits');
      if (this.state === 'won' && this.how === 'stand') server.giveBack(this.claim);
      this.count();
    }
  }

  private failed(server: LockServer, error: unknown): void {
    this.errors.set(server, toError(error));
    this.standing.set(server, 'away');
    this.count();
  }

  private confirm(server: LockServer, token: number): void {
    server.extend(this.claim, this.ttlMs, token).then(
      (has) => {
        if (has) this.confirmed.add(server);
        else {
          // What was heard was old. He may stand in the queue again.
          this.standing.set(server, 'refused');
          server.giveBack(this.claim);
        }
        this.count();
      },
      (error: unknown) => this.failed(server, error),
    );
  }

  private count(): void {
    if (this.state !== 'open') return;
    if (this.confirmed.size >= this.needed) {
      this.token = this.greatest;
      this.end('won');
      // The queues of those that were not needed.
      for (const [server, standing] of this.standing) if (standing === 'waits') server.giveBack(this.claim);
    } else if (this.isVetoed || this.isHopeless) this.end('lost');
  }

  /**
   * All who wait stand in the queue of the first server that answers. What it refuses is somebody's who waited, even if he
   * has not got the other servers yet.
   */
  private get isVetoed(): boolean {
    if (this.how !== 'try' || this.greatest !== undefined) return false;
    const first = this.servers.find((server) => this.standing.get(server) !== 'away');
    return first !== undefined && this.standing.get(first) === 'refused';
  }

  /** No majority is left that could grant it, and it is known whether that is because they refuse. */
  private get isHopeless(): boolean {
    const standings = this.servers.map((server) => this.standing.get(server));
    const count = (...wanted: readonly (Standing | undefined)[]): number =>
      standings.filter((standing) => wanted.includes(standing)).length;
    if (count('asked', 'waits', 'has it', undefined) >= this.needed) return false;
    const answered = count('waits', 'has it', 'refused');
    return answered >= this.needed || answered + count('asked', undefined) < this.needed;
  }

  private end(state: 'won' | 'lost'): void {
    if (this.state !== 'open') return;
    this.state = state;
    this.finish();
  }
}
