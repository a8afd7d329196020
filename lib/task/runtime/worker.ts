import { aborted, wait, type Clock } from '../../common/clock.js';
import type { TaskBroker } from '../task.broker.js';
import type { Consumer } from './consumer.js';
import { Sweep } from './sweep.js';

export interface WorkerSettings {
  readonly leaseMs: number;
  /** How often it looks, while idle, whether a wake-up was lost. */
  readonly sweepMs: number;
  /** How often the leases of idle consumers are extended. */
  readonly restMs: number;
  readonly tidyMs: number;
  readonly shutdownTimeoutMs: number;
}

/** Signing off must not wait for an engine that is gone. */
const SIGN_OFF_MS = 1_000;

/**
 * The working half of a process: its consumers, one heartbeat for all that they have in hand, and a sweep that repairs
 * whatever wake-up was lost while they were idle.
 */
export class Worker {
  private readonly cancels = new Set<() => void>();
  private beating = false;
  private ended = false;
  private started: Promise<void> | undefined;
  private stopped: Promise<void> | undefined;
  private readonly sweep: Sweep;

  constructor(
    private readonly consumers: readonly Consumer[],
    broker: Pick<TaskBroker, 'quiet' | 'rest'>,
    private readonly listen: () => Promise<void>,
    private readonly clock: Clock,
    private readonly settings: WorkerSettings,
  ) {
    this.sweep = new Sweep(consumers, broker);
  }

  /** Begins to work; harmless when it works already. @throws when the engine can't be reached */
  start(): Promise<void> {
    this.started ??= this.begin();
    return this.started;
  }

  /**
   * Claims no more, lets running handlers end, gives the rest back. Never rejects, and resolves within
   * `shutdownTimeout` and about a second, with the engine down, too.
   */
  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async begin(): Promise<void> {
    if (this.consumers.length === 0 || this.stopped) return;
    try {
      await this.listen();
      await Promise.all(this.consumers.map((consumer) => consumer.start(() => this.keepAlive())));
    } catch (error) {
      await this.leave();
      throw error;
    }
    if (this.ended) return;
    this.every(this.settings.sweepMs, () => void this.sweep.look());
    this.every(this.settings.restMs, () => void this.sweep.rest());
    this.every(this.settings.tidyMs, () => this.consumers.forEach((consumer) => void consumer.tidy()));
  }

  /** The heartbeat: runs while anything is in hand, also while that comes to its end. */
  private keepAlive(): void {
    if (this.beating || this.ended) return;
    this.beating = true;
    this.timer(this.settings.leaseMs / 3, () => {
      this.beating = false;
      const busy = this.consumers.filter((consumer) => consumer.busy);
      if (busy.length > 0) this.keepAlive();
      for (const consumer of busy) void consumer.beat();
    });
  }

  /** Does it again and again, with a pause that differs by a fifth between processes. */
  private every(pauseMs: number, duty: () => void): void {
    this.timer(pauseMs * (0.9 + Math.random() / 5), () => {
      duty();
      this.every(pauseMs, duty);
    });
  }

  private timer(ms: number, callback: () => void): void {
    const cancel = this.clock.after(ms, () => {
      this.cancels.delete(cancel);
      callback();
    });
    this.cancels.add(cancel);
  }

  private async end(): Promise<void> {
    const deadline = new AbortController();
    const cancel = this.clock.after(this.settings.shutdownTimeoutMs, () => deadline.abort());
    const started = this.started?.catch(() => undefined) ?? Promise.resolve();
    await Promise.race([started, aborted(deadline.signal)]);
    await this.leave((consumer) => consumer.drain(deadline.signal));
    cancel();
  }

  /** Each consumer signs off as soon as it is ready to, so that others get what is handed to it. */
  private async leave(ready?: (consumer: Consumer) => Promise<void>): Promise<void> {
    await Promise.all(
      this.consumers.map(async (consumer) => {
        await ready?.(consumer);
        const signedOff = new AbortController();
        const bound = wait(this.clock, SIGN_OFF_MS, signedOff.signal);
        await Promise.race([consumer.stop(), bound]);
        signedOff.abort();
      }),
    );
    this.ended = true;
    this.cancels.forEach((stop) => stop());
  }
}
