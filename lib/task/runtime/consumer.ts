import { aborted, wait, type Clock } from '../../common/clock.js';
import { EngineUnavailableError, toError } from '../../common/errors.js';
import type { DepotLogger } from '../../common/logger.js';
import type { Ack, ClaimedTask, NoteKind, QueueBroker } from '../task.broker.js';
import { LeaseLostError, ShutdownError } from '../task.errors.js';
import { Alarm } from './alarm.js';
import type { Executor } from './executor.js';
import { Hand, type Held } from './hand.js';

/** A handler that computes for so long before it first waits has the next one begin in another turn. */
const LONG_TURN_MS = 10;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * One queue's consumer in this process. It keeps one `step` call under way at most: while it is, finished tasks
 * collect, and its reply sends the next. No timer, no delay, and a round trip is shared by all that finished meanwhile.
 *
 * A step of unknown outcome is never repeated (docs/protocol.md, A1): the consumer takes a new name, keeps what the engine says
 * it still has in hand, and acknowledges that again.
 */
export class Consumer {
  private readonly hand = new Hand();
  private beginning = false;
  /** The name under which the engine knows this consumer; `undefined` while it has none that can be trusted. */
  private name: string | undefined;
  private previous: string | undefined;
  private unreachable = false;
  private cycling: Promise<void> | undefined;
  private wanted = false;
  private draining = false;
  private stopped = false;
  private readonly stopping = new AbortController();
  /** A step is wanted then. */
  private readonly nextLook: Alarm;
  private emptied = (): void => undefined;
  private onBusy = (): void => undefined;

  constructor(
    private readonly broker: QueueBroker,
    private readonly executor: Executor,
    private readonly slots: number,
    private readonly clock: Clock,
    private readonly logger: DepotLogger,
  ) {
    this.nextLook = new Alarm(clock, () => this.kick());
    broker.onPush((push) => {
      if (push.kind === 'task') this.take(push.consumer, push.task);
      if (push.kind === 'due' && !this.stopped) this.nextLook.set(push.inMs);
    });
    broker.onGap(() => this.doubt());
  }

  get queue(): string {
    return this.broker.name;
  }

  get busy(): boolean {
    return !this.hand.isEmpty;
  }

  /** @param onBusy is called when there is something in hand again. @throws when the engine can't be reached */
  async start(onBusy: () => void): Promise<void> {
    this.onBusy = onBusy;
    this.name = (await this.broker.join()).consumer;
    if (this.stopped) return this.leave();
    this.kick();
    await this.tidy();
  }

  /** A step is wanted: now, or right after the one under way. */
  kick(): void {
    this.wanted = true;
    if (!this.stopped && !this.cycling) this.cycling = this.cycle();
  }

  /** Extends the lease and looks around. Never rejects. */
  async beat(): Promise<void> {
    const { name } = this;
    if (name === undefined || this.stopped) {
      this.kick();
      return;
    }
    try {
      const beat = await this.broker.beat(name, this.busy ? 'busy' : 'idle');
      if (beat === 'lost' && name === this.name) this.doubt();
      if (beat === 'look') this.kick();
      if (beat === 'tidy') await this.tidy();
    } catch (error) {
      this.report('its lease could not be extended', error);
    }
  }

  /** Drops what was kept too long, un-parks what can be run here. Never rejects. */
  async tidy(): Promise<void> {
    try {
      while ((await this.broker.tidy(this.executor.names)).more && !this.stopped);
    } catch (error) {
      this.report('old tasks could not be cleared away', error);
    }
  }

  /** Claims no more; resolves when nothing is in hand, or the signal aborts. */
  async drain(deadline: AbortSignal): Promise<void> {
    this.draining = true;
    this.kick();
    await Promise.race([this.settled(), aborted(deadline)]);
  }

  /** Gives back what is still in hand, at once and uncounted, and ends. Never rejects. */
  async stop(): Promise<void> {
    this.draining = true;
    this.stopped = true;
    this.stopping.abort();
    this.nextLook.cancel();
    for (const running of this.hand.running) running.abort(new ShutdownError(running.title));
    await this.cycling;
    this.hand.clear();
    await this.leave();
  }

  private async leave(): Promise<void> {
    const name = this.name ?? this.previous;
    this.name = this.previous = undefined;
    if (name === undefined) return;
    this.unreachable = false;
    try {
      await this.broker.leave(name);
    } catch (error) {
      this.report('it could not sign off; what it had in hand runs again when its lease is over', error);
    }
  }

  /** Resolves when no call is under way and nothing is in hand. */
  private async settled(): Promise<void> {
    for (;;) {
      await this.cycling;
      if (!this.busy) return;
      await new Promise<void>((resolve) => (this.emptied = resolve));
    }
  }

  /** There is a reason to call the engine; while draining, only what is in hand is one. */
  private get due(): boolean {
    return this.wanted && !this.stopped && (this.busy || !this.draining);
  }

  private async cycle(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    // Handlers that end without waiting for anything end before the next turn of the event loop; one call has them all.
    await nextTurn();
    while (this.due) {
      this.wanted = false;
      try {
        if (this.name === undefined) {
          await this.rejoin();
        } else {
          await this.step(this.name);
          pauseMs = FIRST_PAUSE_MS;
        }
        this.unreachable = false;
      } catch (error) {
        this.wanted = true;
        if (pauseMs === FIRST_PAUSE_MS && !this.stopped) this.report('it will try again', error);
        await wait(this.clock, pauseMs * (0.75 + Math.random() / 2), this.stopping.signal);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
      await nextTurn();
    }
    this.cycling = undefined;
  }

  private async step(name: string): Promise<void> {
    const acks = this.hand.acks();
    try {
      const step = await this.broker.step(name, acks, this.draining ? 0 : this.slots);
      // Doubted meanwhile: rejoining says what came of this call. Stopped meanwhile: leaving gives back what it claimed.
      if (name !== this.name || this.stopped) return;
      if (step === 'lost') {
        this.doubt();
        return;
      }
      this.hand.confirm(acks.length);
      for (const task of step.tasks) this.take(name, task);
      if (step.nextMs !== undefined) this.nextLook.set(step.nextMs);
      if (this.hand.hasEnded) this.wanted = true;
      if (!this.busy) this.emptied();
    } catch (error) {
      this.hand.isolateFault(acks.length);
      // A refusal leaves it open, too: a script may have written before it failed.
      this.doubt();
      throw error;
    }
  }

  /** Nothing that was told or pushed to the present name can be trusted. */
  private doubt(): void {
    if (this.name !== undefined) this.previous = this.name;
    this.name = undefined;
    this.kick();
  }

  private async rejoin(): Promise<void> {
    const previous = this.previous;
    const joined = await this.broker.join(
      previous === undefined ? undefined : { consumer: previous, keep: this.hand.ids },
    );
    this.name = joined.consumer;
    this.previous = undefined;
    for (const running of this.hand.keepOnly(joined.kept)) {
      this.logger.warn(`Queue '${this.queue}': ${running.title} was given to another worker`);
      running.abort(new LeaseLostError(running.title));
    }
    this.wanted = true;
    if (!this.busy) this.emptied();
  }

  /**
   * A task that is in this consumer's hand by the engine's account. Joining again gives back, at once and uncounted, what
   * is not taken here: what was meant for a name of before, and what comes too late to begin.
   */
  private take(consumer: string, task: ClaimedTask): void {
    if (consumer !== this.name || this.stopped) return;
    if (this.draining) {
      this.doubt();
      return;
    }
    if (!this.busy) this.onBusy();
    this.hand.take(task);
    if (!this.beginning) void this.begin();
  }

  /** Begins what is in hand; between handlers that compute for long, the heartbeat gets its turn. */
  private async begin(): Promise<void> {
    this.beginning = true;
    for (let held = this.hand.next(); held && !this.stopped; held = this.hand.next()) {
      const since = this.clock.now();
      this.run(held);
      if (this.clock.now() - since >= LONG_TURN_MS) await nextTurn();
    }
    this.beginning = false;
  }

  private run(held: Held): void {
    const { running, ended } = this.executor.start(held.task, (id, kind, text) => this.note(id, kind, text));
    held.running = running;
    void ended.then((ack) => this.end(held, ack));
  }

  private end(held: Held, ack: Ack): void {
    if (!this.stopped && this.hand.end(held, ack)) this.kick();
  }

  private async note(id: string, kind: NoteKind, text: string): Promise<void> {
    if (this.name === undefined) return;
    try {
      await this.broker.note(this.name, id, kind, text);
    } catch (error) {
      this.report(`the ${kind} of task ${id} could not be kept`, error);
    }
  }

  private report(what: string, error: unknown): void {
    const { message, stack } = toError(error);
    if (error instanceof EngineUnavailableError) {
      // One outage is one piece of news, whatever fails while it lasts.
      if (!this.unreachable) this.logger.warn(`Queue '${this.queue}': ${what}: ${message}`);
      this.unreachable = true;
    } else this.logger.error(`Queue '${this.queue}': ${what}: ${message}`, stack);
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
