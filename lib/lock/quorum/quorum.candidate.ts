import { elapsed, type Clock } from '../../common/clock.js';
import { toError, type EngineUnavailableError } from '../../common/errors.js';
import { HAND_OVER_MS, type HandOver, type LockAnswer, type LockClaim } from '../lock.store.js';
import type { LockServer } from './lock.server.js';
import { Gathering } from './quorum.gathering.js';
import { noMajority } from './quorum.poll.js';
import { ttlOnServers, type QuorumSettings } from './quorum.terms.js';

export interface CandidateSurroundings {
  readonly servers: readonly LockServer[];
  readonly settings: QuorumSettings;
  readonly clock: Clock;
  /** The candidate stands in the queue of this server now. */
  readonly stands: (server: LockServer) => void;
  /** The server has taken this process for dead: whoever stood in its queue stands there no more. */
  readonly dropped: (server: LockServer) => void;
  /** The candidate has the lock, and nobody waits for an answer that would say so. */
  readonly granted: (candidate: Candidate, handOver: HandOver) => void;
}

/** Who waits looks this often whether the server in whose queue he stands is still there. */
const LOOK_MS = HAND_OVER_MS;

/** How long somebody who has the lock of one server waits for the others. Less than a hand-over lasts. */
const PATIENCE_MS = 1_000;

/** Before another attempt, at random between half of it and one and a half; doubled each time up to the second one. */
const PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * One who waits for a majority. All candidates stand in the queue of the same server, the gate: the first one that answers.
 * So they come to the others one at a time and in that order. Whoever is handed the lock by the gate asks the others, and
 * waits in their queues, too, where the one before him may just be leaving.
 *
 * Only when processes disagree about which servers answer may several come at once, and each get a part. Then nobody can
 * wait for the rest: all give back what they have and try again after a pause that differs at random.
 */
export class Candidate {
  /** In whose queue it stands. */
  gate: LockServer | undefined;
  private state: 'new' | 'asking' | 'queued' | 'gathering' | 'pausing' | 'over' = 'new';
  private readonly claim: LockClaim;
  private gathering: Gathering | undefined;
  /** Ends when the gathering does. */
  private gathered: Promise<unknown> = Promise.resolve();
  private failure: EngineUnavailableError | undefined;
  private attempts = 0;
  private cancelTimer: () => void = () => undefined;
  /** Servers that may know of it. */
  private readonly touched = new Set<LockServer>();

  constructor(
    private readonly wanted: LockClaim,
    private readonly around: CandidateSurroundings,
  ) {
    this.claim = { ...wanted, ttlMs: this.ttlOnServers(wanted.ttlMs) };
  }

  get key(): string {
    return this.wanted.key;
  }

  get owner(): string {
    return this.wanted.owner;
  }

  get isQueued(): boolean {
    return this.state === 'queued';
  }

  get isOver(): boolean {
    return this.state === 'over';
  }

  /** Gets the lock, a place in the queue, or the error that keeps it from both. @throws EngineUnavailableError */
  async ask(): Promise<LockAnswer> {
    const at = this.now();
    if (this.state === 'gathering') await this.gathered;
    else if (this.state === 'new' || this.state === 'queued') {
      const token = await this.stand();
      const leftMs = this.wanted.ttlMs - (this.now() - at);
      if (token !== undefined && leftMs > 0) return { granted: true, token };
      if (token !== undefined) this.over();
    }
    if (this.failure && this.state === 'pausing') throw this.failure;
    return { granted: false, leftMs: LOOK_MS, at };
  }

  /** Something may have been missed. */
  standAgain(): void {
    if (this.state === 'queued') void this.stand().then((token) => this.announce(token, this.now()));
  }

  /** A server has handed it the lock. */
  handed(server: LockServer, token: number): void {
    if (this.state === 'gathering') this.gathering?.granted(server, token);
    else if (server === this.gate && (this.state === 'queued' || this.state === 'asking')) {
      const at = this.now();
      const ttlMs = Math.min(this.wanted.ttlMs, HAND_OVER_MS);
      void this.gather(server, token, ttlMs).then((won) => this.announce(won, at, ttlMs));
    } else server.giveBack(this.claim);
  }

  /** It has given up, or has the lock. */
  over(): void {
    this.state = 'over';
    this.cancelTimer();
    this.gathering?.giveUp();
  }

  get whereItStands(): ReadonlySet<LockServer> {
    return this.touched;
  }
}
