import { aborted, wait, type Clock } from '../../common/clock.js';
import type { DepotLogger } from '../../common/logger.js';
import type { Ack, ClaimedTask, QueueBroker, RestingConsumer, Step } from '../task.broker.js';
import { LeaseLostError } from '../task.errors.js';
import { Alarm } from './alarm.js';
import { EarlyCancels } from './early-cancels.js';
import type { Executor } from './executor.js';
import type { Hand } from './hand.js';
import type { TakeNote } from './running-task.js';
import type { SlotPool } from './slot.pool.js';
import { Trouble } from './trouble.js';
import { nextTurn } from './turn.js';
import { Work } from './work.js';

/** With so many slots two calls may be under way, so that neither side waits for the other. */
const MANY_SLOTS = 64;

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * One queue's consumer in this process. While a `step` call is under way, finished tasks collect, and its reply sends the
 * next: no timer, no delay, and a round trip is shared by all that finished meanwhile. With many slots there may be two
 * under way, each for half of them; the engine runs and answers them in the order in which they were sent.
 *
 * A step of unknown outcome is never repeated (docs/protocol.md, A1): the consumer takes a new name, keeps what the engine says
 * it still has in hand, and acknowledges that again.
 */
export class Consumer {
  private readonly work: Work;
  private readonly hand: Hand;
  private readonly cancelledEarly = new EarlyCancels();
  /** The name under which the engine knows this consumer; `undefined` while it has none that can be trusted. */
  private name: string | undefined;
  private previous: string | undefined;
  private readonly trouble: Trouble;
  private readonly cycles = new Set<Promise<void>>();
  /** How many of them will hear of a kick, and how many there are at most. */
  private cycling = 0;
  private readonly most: number;
  private joining: Promise<void> | undefined;
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
    executor: Executor,
    slots: number,
    private readonly clock: Clock,
    private readonly logger: DepotLogger,
    pool?: SlotPool,
  ) {
    this.trouble = new Trouble(broker.name, logger);
    this.nextLook = new Alarm(clock, () => this.kick());
    this.work = new Work(executor, clock, {
      queue: broker.name,
      slots,
      pool,
      note: (id, kind, text) => this.note(id, kind, text),
      changed: () => this.kick(),
    });
    this.hand = this.work.hand;
    this.most = slots >= MANY_SLOTS && !this.work.hasRooms ? 2 : 1;
    if (this.most > 1) this.hand.limitAcks(Math.ceil(slots / 2));
    broker.onPush((push) => {
      if (push.kind === 'task') {
        this.take(push.consumer, push.task);
        void this.work.begin();
      }
      if (push.kind === 'cancel') this.cancel(push.consumer, push.id);
      else if (push.kind === 'due') this.lookIn(push.inMs);
    });
    broker.onGap(() => this.doubt());
  }

  get queue(): string {
    return this.broker.name;
  }

  get busy(): boolean {
    return !this.hand.isEmpty;
  }

  /** Under which name the engine knows it, while it has nothing in hand. */
  get resting(): RestingConsumer | undefined {
    if (this.busy || this.name === undefined) return undefined;
    return { queue: this.queue, consumer: this.name };
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
    this.work.retry();
    if (this.stopped || this.cycling === this.most) return;
    // A second call is for what has ended since the first one was sent.
    if (this.cycling > 0 && !(this.hand.hasEnded && this.name !== undefined)) return;
    this.cycling++;
    const cycle = this.cycle().finally(() => this.cycles.delete(cycle));
    this.cycles.add(cycle);
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
      this.trouble.report('its lease could not be extended', error);
    }
  }

  /** Drops what was kept too long, un-parks what can be run here. Never rejects. */
  async tidy(): Promise<void> {
    const { name } = this;
    if (name === undefined) return;
    try {
      while ((await this.broker.tidy(name, this.work.names)).more && !this.stopped);
    } catch (error) {
      this.trouble.report('old tasks could not be cleared away', error);
    }
  }

  /** Claims no more; resolves when nothing is in hand, or the signal aborts. */
  async drain(deadline: AbortSignal): Promise<void> {
    this.draining = true;
    // Joining again gives them back.
    if (this.work.drain()) this.doubt();
    else this.kick();
    await Promise.race([this.settled(), aborted(deadline)]);
  }

  /** Gives back what is still in hand, at once and uncounted, and ends. Never rejects. */
  async stop(): Promise<void> {
    this.draining = true;
    this.stopped = true;
    this.stopping.abort();
    this.nextLook.cancel();
    this.work.stop();
    await Promise.all(this.cycles);
    this.hand.clear();
    await this.leave();
  }

  private async leave(): Promise<void> {
    const name = this.name ?? this.previous;
    this.name = this.previous = undefined;
    if (name === undefined) return;
    this.trouble.isOver();
    try {
      await this.broker.leave(name);
    } catch (error) {
      this.trouble.report(
        'it could not sign off; what it had in hand runs again when its lease is over',
        error,
      );
    }
  }

  /** Resolves when no call is under way and nothing is in hand. */
  private async settled(): Promise<void> {
    for (;;) {
      await Promise.all(this.cycles);
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
          await (this.joining ??= this.rejoin().finally(() => (this.joining = undefined)));
        } else {
          await this.step(this.name);
          pauseMs = FIRST_PAUSE_MS;
        }
        this.trouble.isOver();
      } catch (error) {
        this.wanted = true;
        if (pauseMs === FIRST_PAUSE_MS && !this.stopped) this.trouble.report('it will try again', error);
        await wait(this.clock, pauseMs * (0.75 + Math.random() / 2), this.stopping.signal);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
      await nextTurn();
    }
    this.cycling--;
  }

  private async step(name: string): Promise<void> {
    const acks = this.hand.send();
    const call = this.cancelledEarly.sent();
    try {
      const asked = this.ask(name, acks);
      if (this.hand.hasEnded) this.kick();
      const step = await asked;
      // Doubted meanwhile: rejoining says what came of this call. Stopped meanwhile: leaving gives back what it claimed.
      if (name !== this.name || this.stopped) return;
      if (step === 'lost') {
        this.doubt();
        return;
      }
      this.hand.confirm(acks.length);
      for (const task of step.tasks) this.take(name, task);
      void this.work.begin();
      this.cancelledEarly.answered(call);
      if (step.tasks.length === 0 && this.work.untried && !this.draining) this.wanted = true;
      if (step.nextMs !== undefined) this.nextLook.set(step.nextMs);
      if (this.hand.hasEnded) this.wanted = true;
      if (!this.busy) this.emptied();
    } catch (error) {
      if (name === this.name) this.hand.isolateFault(acks.length);
      // A refusal leaves it open, too: a script may have written before it failed.
      this.doubt();
      throw error;
    } finally {
      this.work.settle();
    }
  }

  private ask(name: string, acks: readonly Ack[]): Promise<Step> {
    if (this.draining) return this.broker.step(name, acks, 0);
    const { slots, rooms } = this.work.room(acks);
    return this.broker.step(name, acks, slots, rooms);
  }

  /** Nothing that was told or pushed to the present name can be trusted. */
  private doubt(): void {
    if (this.name !== undefined) this.previous = this.name;
    this.name = undefined;
    this.hand.unsend();
    this.kick();
  }

  private async rejoin(): Promise<void> {
    const previous = this.previous;
    const joined = await this.broker.join(
      previous === undefined ? undefined : { consumer: previous, keep: this.hand.ids },
    );
    this.name = joined.consumer;
    this.previous = undefined;
    for (const running of this.work.keepOnly(joined.kept)) {
      this.logger.warn(`Queue '${this.queue}': ${running.title} was given to another worker`);
      running.abort(new LeaseLostError(running.title));
    }
    this.cancelledEarly.clear();
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
    this.work.take(task, this.cancelledEarly.take(task.id) ? 'cancelled' : 'wanted');
  }

  /** One that is not known may be claimed by the call under way. */
  private cancel(consumer: string, id: string): void {
    if (consumer !== this.name || this.stopped) return;
    if (this.work.cancel(id) || this.cycling === 0 || this.hand.ids.includes(id)) return;
    this.cancelledEarly.add(id);
  }

  private lookIn(ms: number): void {
    if (this.stopped) return;
    if (ms > 0) this.nextLook.set(ms);
    else this.kick();
  }

  private async note(...[id, kind, text]: Parameters<TakeNote>): Promise<void> {
    if (this.name === undefined) return;
    try {
      await this.broker.note(this.name, id, kind, text);
    } catch (error) {
      this.trouble.report(`the ${kind} of task ${id} could not be kept`, error);
    }
  }
}
