import { elapsed, type Clock } from '../../common/clock.js';
import type {
  GrantedListener,
  HandOver,
  LockAnswer,
  LockClaim,
  LockRelease,
  LockState,
  LockStore,
} from '../lock.store.js';
import { idOf, LockServer } from './lock.server.js';
import { Candidate, type CandidateSurroundings } from './quorum.candidate.js';
import { Gathering } from './quorum.gathering.js';
import { agreedState } from './quorum.inspection.js';
import { Poll } from './quorum.poll.js';
import { checkShare, claimOnServers, majorityOf, ttlOnServers, type QuorumSettings } from './quorum.terms.js';

/** So often one of those who wait looks whether the server in whose queue they stand is still there. */
const LOOK_MS = 1_500;

/** Those who stand in the queue of another server than the first one that answers move there together, after this pause. */
const REGROUP_MS = 100;

/**
 * Locks over several servers that know nothing of each other: whoever has it on a majority of them has the lock, so the
 * others may be away. Its clock is that of this process. Permits are not counted: there are writers and readers, and no semaphores.
 */
export class QuorumLockStore implements LockStore {
  private readonly servers: readonly LockServer[];
  private readonly drift: number;
  private readonly candidates = new Map<string, Candidate>();
  /** Claims that may not be granted anything any more. */
  private readonly released = new WeakSet<LockClaim>();
  private readonly listeners: GrantedListener[] = [];
  private readonly around: CandidateSurroundings;
  /** The first server that answered, when somebody asked last. */
  private gate: LockServer | undefined;
  private cancelRegrouping: (() => void) | undefined;
  private cancelLook: (() => void) | undefined;

  /**
   * @param stores of the servers, in an order that is the same in every process; an odd number, at least three
   * @param names of the servers, for messages
   */
  constructor(
    stores: readonly LockStore[],
    { drift, timeoutMs }: QuorumSettings,
    private readonly clock: Clock,
    names: readonly string[] = [],
  ) {
    this.drift = drift;
    const mayBeGone = (server: LockServer): void => this.standAgain(({ gate }) => gate === server);
    this.servers = stores.map(
      (store, at) => new LockServer(names[at] ?? `lock server ${at + 1}`, store, timeoutMs, clock, mayBeGone),
    );
    this.around = {
      servers: this.servers,
      drift,
      clock,
      answers: (server) => this.answers(server),
      dropped: mayBeGone,
      won: (candidate, handOver) => this.won(candidate, handOver),
      takeUp: (claim) => this.extend(claim, claim.ttlMs),
    };
    for (const server of this.servers) {
      server.onGranted((key, owner, { token }) => this.handed(server, key, owner, token));
      server.onGap(() => mayBeGone(server));
    }
  }

  async tryAcquire(claim: LockClaim): Promise<LockAnswer> {
    this.check(claim);
    const at = this.now();
    const asked = claimOnServers(claim, this.drift);
    const gathering = new Gathering(this.servers, asked, asked.ttlMs, 'try');
    gathering.ask();
    await gathering.over;
    const { token, failure, leftMs } = gathering;
    if (token !== undefined && this.now() < at + claim.ttlMs) return { granted: true, token };
    gathering.leave();
    if (failure) throw failure;
    return { granted: false, leftMs: leftMs ?? claim.ttlMs, at };
  }

  async acquire(claim: LockClaim): Promise<LockAnswer> {
    this.check(claim);
    const id = idOf(claim);
    const waiting = this.candidates.get(id);
    if (waiting) return waiting.ask();
    const candidate = new Candidate(claim, this.around);
    this.candidates.set(id, candidate);
    this.cancelLook ??= this.clock.after(LOOK_MS, this.lookAround);
    try {
      return await candidate.ask();
    } catch (error) {
      this.drop(candidate);
      throw error;
    }
  }

  async extend(claim: LockClaim, ttlMs: number, token?: number): Promise<boolean> {
    const asked = { ...claim, ttlMs: ttlOnServers(ttlMs, this.drift) };
    const poll = new Poll(this.servers, (server) => server.extend(asked, asked.ttlMs, token));
    const has = await poll.majority(Boolean);
    if (has) void this.rejoin(claim, asked, poll);
    return has;
  }

  async release(claim: LockClaim): Promise<LockRelease> {
    this.released.add(claim);
    const candidate = this.candidates.get(idOf(claim));
    if (candidate) this.drop(candidate);
    const asked = claimOnServers(claim, this.drift);
    // The gate comes last: whoever it hands the lock to finds the others free already.
    const servers = this.servers.filter((server) => !candidate || candidate.known.has(server)).toReversed();
    const poll = new Poll(servers, (server) => server.release(asked));
    let held = false;
    if (candidate) await poll.until(() => false);
    else held = await poll.majority((answer) => answer.held);
    return { held, watch: [...poll.answers.values()].some(({ watch }) => watch) };
  }

  async look(key: string): Promise<boolean> {
    const watch = await new Poll(this.servers, (server) => server.look(key)).all();
    return watch.some(Boolean);
  }

  async inspect(key: string): Promise<LockState> {
    const states = await new Poll(this.servers, (server) => server.inspect(key)).all();
    return agreedState(states, majorityOf(this.servers.length));
  }

  async forceRelease(key: string): Promise<number> {
    const counts = await new Poll(this.servers, (server) => server.forceRelease(key)).all();
    return Math.max(...counts);
  }

  onGranted(listener: GrantedListener): void {
    this.listeners.push(listener);
  }

  onGap(): void {
    // What may have been missed of a server makes candidates ask again, and they miss nothing here.
  }

  /** Nobody waits any more. The servers are not told. */
  close(): void {
    for (const candidate of [...this.candidates.values()]) this.drop(candidate);
    for (const server of this.servers) server.close();
  }

  /** Servers that never fail would count permits right; that is what the contract is tested with. */
  protected check(claim: LockClaim): void {
    checkShare(claim);
  }

  private handed(server: LockServer, key: string, owner: string, token: number): void {
    const candidate = this.candidates.get(idOf({ key, owner }));
    if (candidate) candidate.handed(server, token);
    // It has left that queue, and the word of it was lost on the way.
    else server.giveBack({ key, owner, ttlMs: 1, permits: 1, limit: 1 });
  }

  private won(candidate: Candidate, handOver: HandOver | undefined): void {
    const { wanted } = candidate;
    this.forget(candidate);
    if (handOver) for (const listener of this.listeners) listener(wanted.key, wanted.owner, handOver);
  }

  private drop(candidate: Candidate): void {
    candidate.giveUp();
    this.forget(candidate);
  }

  private forget({ wanted }: Candidate): void {
    this.candidates.delete(idOf(wanted));
    if (this.candidates.size > 0) return;
    this.cancelLook?.();
    this.cancelRegrouping?.();
    this.cancelLook = undefined;
    this.cancelRegrouping = undefined;
  }

  /** One for each queue: if its server is gone, the others follow. */
  private readonly lookAround = (): void => {
    this.cancelLook = this.clock.after(LOOK_MS, this.lookAround);
    const looked = new Set<LockServer | undefined>();
    this.standAgain(({ gate, isQueued }) => isQueued && looked.size < looked.add(gate).size);
  };

  private answers(server: LockServer): void {
    if (server === this.gate) return;
    this.gate = server;
    // Not at once, so that a server that answers every other question does not make them run to and fro.
    this.cancelRegrouping ??= this.clock.after(REGROUP_MS, () => {
      this.cancelRegrouping = undefined;
      this.standAgain(({ gate, isQueued }) => isQueued && gate !== this.gate);
    });
  }

  private standAgain(wanted: (candidate: Candidate) => boolean): void {
    for (const candidate of [...this.candidates.values()]) if (wanted(candidate)) candidate.standAgain();
  }

  /**
   * Takes the lock on servers that have come back meanwhile, or were not needed: so a lock that is held for long survives the
   * loss of one server after the other. They count from the next extension on, which finds them among a majority that has
   * had it all the time.
   */
  private async rejoin(claim: LockClaim, asked: LockClaim, poll: Poll<boolean>): Promise<void> {
    await poll.until(() => false);
    for (const [server, has] of poll.answers) {
      if (!has && !this.released.has(claim)) server.tryAcquire(asked).catch(() => undefined);
    }
  }

  private now(): number {
    return elapsed(this.clock);
  }
}
