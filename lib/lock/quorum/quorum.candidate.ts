import { elapsed, type Clock } from '../../common/clock.js';
import { toError, type EngineUnavailableError } from '../../common/errors.js';
import { HAND_OVER_MS, type HandOver, type LockAnswer, type LockClaim } from '../lock.store.js';
import type { LockServer } from './lock.server.js';
import { Gathering } from './quorum.gathering.js';
import { noMajority } from './quorum.poll.js';
import { claimOnServers, ttlOnServers } from './quorum.terms.js';

export interface CandidateSurroundings {
  readonly servers: readonly LockServer[];
  readonly drift: number;
  readonly clock: Clock;
  /** This server is the first one that answers. */
  readonly answers: (server: LockServer) => void;
  /** Who stood in the queue of this server may stand there no more. */
  readonly dropped: (server: LockServer) => void;
  /** The candidate has the lock; it has to be told unless it learns it as an answer. */
  readonly won: (candidate: Candidate, handOver: HandOver | undefined) => void;
  /** Lets a lock that was handed over last its whole ttl. */
  readonly takeUp: (claim: LockClaim) => Promise<boolean>;
}

/** The lock for its whole ttl, as the answer to a question; or a hand-over that it is told of. */
type Gets = 'answer' | 'hand-over';

type State = 'new' | 'asking' | 'queued' | 'gathering' | 'pausing' | 'won' | 'over';

/** How long somebody who has the lock of one server waits for the others. Less than a hand-over lasts. */
const PATIENCE_MS = 1_000;

/** Before another attempt, between half of it and one and a half of it at random; twice as long each time. */
const PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * One who waits for a majority. All stand in the queue of the same server, the gate: the first one that answers. So they
 * come to the others one at a time and in that order. Who is handed the lock by the gate asks the others, and waits in
 * their queues, too, where the one before him may just be leaving.
 *
 * Only when processes disagree about which servers answer may several come at once and get a part each. None of them can wait
 * for the rest for ever: he gives back what he has, and tries again after a pause that is different for everybody.
 */
export class Candidate {
  /** In whose queue it stands. */
  gate: LockServer | undefined;
  /** Servers that may know of it. */
  readonly known = new Set<LockServer>();
  private state: State = 'new';
  private readonly claim: LockClaim;
  private asked: LockServer | undefined;
  private gathering: Gathering | undefined;
  private gathered: Promise<unknown> = Promise.resolve();
  private token: number | undefined;
  /** It has the lock for its whole ttl. */
  private isWhole = false;
  private failure: EngineUnavailableError | undefined;
  /** For how long it is taken, as far as the gate has said so. */
  private leftMs = HAND_OVER_MS;
  private attempts = 0;
  private cancelPause: () => void = () => undefined;

  constructor(
    readonly wanted: LockClaim,
    private readonly around: CandidateSurroundings,
  ) {
    this.claim = claimOnServers(wanted, around.drift);
  }

  get isQueued(): boolean {
    return this.is('queued');
  }

  /** Gets the lock, or a place in the queue. @throws EngineUnavailableError when there is no majority to get it from */
  async ask(): Promise<LockAnswer> {
    const at = this.now();
    const stands = this.is('new', 'queued');
    if (stands) await this.stand('answer');
    // It may have been handed the lock while it asked.
    if (this.is('gathering')) await this.gathered;
    const { token } = this;
    if (token !== undefined && ((stands && this.isWhole) || (await this.around.takeUp(this.wanted)))) {
      return { granted: true, token };
    }
    if (this.is('pausing') && this.failure) throw this.failure;
    return { granted: false, leftMs: this.leftMs, at };
  }

  /** Looks whether it still stands in the queue of the first server that answers. */
  standAgain(): void {
    if (!this.is('queued', 'pausing')) return;
    this.cancelPause();
    void this.stand('hand-over');
  }

  /** A server has handed it the lock. */
  handed(server: LockServer, token: number): void {
    if (this.is('gathering')) this.gathering?.granted(server, token);
    else if (this.is('asking', 'queued') && (server === this.gate || server === this.asked)) {
      void this.gather(server, token, 'hand-over');
    } else server.giveBack(this.claim);
  }

  /** Wants it no more; what servers know of it is to be given back. */
  giveUp(): void {
    this.state = 'over';
    this.cancelPause();
    this.gathering?.giveUp();
  }

  private async stand(gets: Gets): Promise<void> {
    this.state = 'asking';
    const errors: Error[] = [];
    for (const server of this.around.servers) {
      this.asked = server;
      this.known.add(server);
      let answer: LockAnswer | undefined;
      try {
        answer = await server.acquire(this.claim);
      } catch (error) {
        errors.push(toError(error));
        // It may stand there all the same.
        if (server !== this.gate) server.giveBack(this.claim);
      }
      if (!this.is('asking')) return;
      if (!answer) continue;
      this.moveTo(server);
      if (answer.granted) await this.gather(server, answer.token, gets);
      else {
        this.state = 'queued';
        this.leftMs = answer.leftMs;
      }
      return;
    }
    this.pause(noMajority(0, this.around.servers.length, errors));
  }

  private moveTo(server: LockServer): void {
    const { gate } = this;
    this.gate = server;
    this.asked = undefined;
    if (gate && gate !== server) gate.giveBack(this.claim);
    this.around.answers(server);
  }

  private gather(server: LockServer, token: number, gets: Gets): Promise<void> {
    const { servers, drift, clock } = this.around;
    const { ttlMs } = this.wanted;
    const handOverMs = Math.min(ttlMs, HAND_OVER_MS);
    const handOverUntil = this.now() + handOverMs;
    const ownMs = gets === 'answer' ? ttlMs : handOverMs;
    const gathering = new Gathering(servers, this.claim, ttlOnServers(ownMs, drift), 'stand');
    this.state = 'gathering';
    this.gathering = gathering;
    for (const one of servers) this.known.add(one);
    gathering.granted(server, token);
    gathering.ask();
    const cancel = clock.after(Math.min(ttlMs, PATIENCE_MS), () => gathering.giveUp());
    const gathered = gathering.over.then(() => {
      cancel();
      if (!this.is('gathering')) return;
      if (gathering.wasRefusedBy(server)) this.around.dropped(server);
      const its = gathering.token;
      if (its === undefined) this.lost(gathering);
      else {
        this.state = 'won';
        this.token = its;
        this.isWhole = gets === 'answer';
        this.around.won(this, this.isWhole ? undefined : { token: its, until: handOverUntil });
      }
    });
    this.gathered = gathered;
    return gathered;
  }

  private lost(gathering: Gathering): void {
    gathering.leave();
    this.pause(gathering.failure);
  }

  private pause(failure: EngineUnavailableError | undefined): void {
    this.state = 'pausing';
    this.failure = failure;
    this.gate = undefined;
    this.leftMs = HAND_OVER_MS;
    const ms = Math.min(PAUSE_MS * 2 ** this.attempts++, LONGEST_PAUSE_MS) * (0.5 + Math.random());
    this.cancelPause = this.around.clock.after(ms, () => this.standAgain());
  }

  private is(...states: readonly State[]): boolean {
    return states.includes(this.state);
  }

  private now(): number {
    return elapsed(this.around.clock);
  }
}
