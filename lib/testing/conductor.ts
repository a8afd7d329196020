import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';
import type { ManualClock } from './manual-clock.js';
import { overdue, stuck } from './not-drained.error.js';
import type { Traffic } from './traffic.js';
import type { WorkerGate } from './worker.gate.js';

export interface ConductorSettings {
  /** Real time that one moment of the clock may take. */
  readonly timeoutMs: number;
  /** Real time that handlers have before the clock moves on without them. */
  readonly patienceMs: number;
}

/** Turns of the event loop without a sign of life after which what only promises drive has come to rest. */
const QUIET_TURNS = 3;
const LONGEST_PAUSE_MS = 10;
/** Microtasks within which a heartbeat is over. */
const BEAT_TICKS = 20;
const BEATS_PER_TURN = 100;

/** Opens the gate, waits for what is due to be done, moves the clock, closes the gate: one run at a time. */
export class Conductor {
  private last: Promise<unknown> = Promise.resolve();
  /** The newest attempt that was waited for in vain: it waits for the clock, or for nothing. */
  private waitedOut = 0;
  private wakes = 0;

  constructor(
    private readonly clock: ManualClock,
    private readonly gate: WorkerGate,
    private readonly traffic: Traffic,
    private readonly settings: ConductorSettings,
  ) {}

  /**
   * Runs what is due, and what that adds, to the end.
   *
   * @throws NotDrainedError when something stays waiting or active
   */
  drain(timeoutMs = this.settings.timeoutMs): Promise<void> {
    return this.run(async () => {
      const deadline = performance.now() + timeoutMs;
      for (let lookedAt: number | undefined; ;) {
        await this.settle(deadline);
        const { waiting, active } = await this.gate.load();
        if (waiting + active === 0) return;
        if (performance.now() >= deadline) throw await overdue(this.gate, timeoutMs);
        if (active > 0) {
          // A batch that waits for more to come has nobody to wait for.
          if (!this.clock.fireGathering()) await this.traffic.next(pause(deadline));
        } else {
          // Everybody has looked for something to do, and nobody found it.
          if (lookedAt === this.traffic.moves) throw await stuck(this.gate);
          lookedAt = this.traffic.moves;
          this.gate.lookAround();
        }
      }
    });
  }

  /** Moves the clock from timer to timer; what each of them sets in motion is done before the next one. */
  advance(ms: number, timeoutMs = this.settings.timeoutMs): Promise<void> {
    return this.run(async () => {
      const end = this.clock.now() + ms;
      await this.moment(timeoutMs);
      for (let beats = 0; ;) {
        const fired = await this.fire(end);
        if (fired === 'nothing') break;
        // Heartbeats are nearly all that happens in a week; now and then others have to get their turn.
        if (fired === 'a timer' || ++beats % BEATS_PER_TURN === 0) await this.moment(timeoutMs);
      }
      this.clock.jump(end - this.clock.now());
      await this.moment(timeoutMs);
    });
  }

  /** Waits for the end of something that may itself wait for the clock, such as a time-out of handlers that hang. */
  async see(done: Promise<unknown>): Promise<void> {
    const ended = new AbortController();
    const end = (): void => {
      ended.abort();
      this.traffic.stir();
    };
    done.then(end, end);
    const since = performance.now();
    for (;;) {
      await this.settle(performance.now() + this.settings.timeoutMs);
      if (ended.signal.aborted) return;
      const patient = performance.now() - since < this.settings.patienceMs;
      const fired = !patient && this.clock.fireNext(Number.POSITIVE_INFINITY);
      if (!fired) await this.traffic.next(LONGEST_PAUSE_MS);
    }
  }

  /** Nothing happens any more by itself, other than what handlers wait for. */
  settled(): Promise<void> {
    return this.settle(performance.now() + this.settings.timeoutMs);
  }

  private run(work: () => Promise<void>): Promise<void> {
    const run = this.last.then(async () => {
      this.gate.open();
      try {
        await work();
      } finally {
        await this.gate.close();
      }
    });
    this.last = run.catch(() => undefined);
    return run;
  }

  /** Fires what is due now, one timer at a time, until nothing moves. */
  private async settle(deadline: number): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS && performance.now() < deadline;) {
      const { total } = this.traffic;
      const fired = this.clock.fireNext(this.clock.now());
      await turn();
      quiet = fired || total !== this.traffic.total || !this.traffic.idle ? 0 : quiet + 1;
    }
  }

  /** Fires the first timer that is due by then; of a heartbeat, everything has happened when this resolves. */
  private async fire(end: number): Promise<'nothing' | 'a heartbeat' | 'a timer'> {
    const { traffic } = this;
    const { total, beats } = traffic;
    if (!this.clock.fireNext(end)) return 'nothing';
    if (traffic.total === total) return 'a timer';
    for (let ticks = 0; ticks < BEAT_TICKS; ticks++) {
      // A call counts when it is made and when it is answered.
      if (traffic.idle && traffic.total - total === 2 * (traffic.beats - beats)) return 'a heartbeat';
      await Promise.resolve();
    }
    return 'a timer';
  }

  /**
   * Waits until the handlers that this moment of the clock set to work have ended. Whether one does real work or waits
   * for the clock can't be seen: after `patience` without a move, the latter is assumed.
   */
  private async moment(timeoutMs: number): Promise<void> {
    const since = performance.now();
    for (;;) {
      await this.settle(since + timeoutMs);
      if (this.wakes !== this.traffic.wakes) this.waitedOut = 0;
      this.wakes = this.traffic.wakes;
      const newest = this.gate.newestAttempt;
      if (newest <= this.waitedOut) return;
      const now = performance.now();
      if (now - since >= timeoutMs) throw await overdue(this.gate, timeoutMs);
      if (now - Math.max(since, this.traffic.movedAt) >= this.settings.patienceMs) this.waitedOut = newest;
      else await this.traffic.next(LONGEST_PAUSE_MS);
    }
  }
}

/** Real time, and a little of it: a timer of the clock may be set by something that no call tells of. */
const pause = (deadline: number): number =>
  Math.max(1, Math.min(LONGEST_PAUSE_MS, deadline - performance.now()));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
