import type { Clock } from '../common/clock.js';
import { EngineClosedError, toError } from '../common/errors.js';
import type { DepotLogger } from '../common/logger.js';
import { EVENT_LEASE_MS, type EventRecord, type TaskEventName } from './event.record.js';
import type { QueueBroker } from './task.broker.js';

/** A subscription is renewed that often; two renewals may fail before it is over. */
const RENEW_MS = EVENT_LEASE_MS / 3;
const RETRY_MS = 2_000;

export type EventListener = (event: EventRecord) => void;

/**
 * What this process wants to know of a queue's tasks: which events are pushed to it, and which are stored for `@OnTask`
 * handlers. The engine is told both together, so that neither side forgets the other's; and told again before its lease
 * is over, for as long as anything is wanted. Nothing is called while nothing is.
 */
export class EventSubscription {
  private readonly listeners = new Map<TaskEventName, Set<EventListener>>();
  private stored: readonly TaskEventName[] = [];
  /** The call under way or to come that tells what is wanted now. */
  private upToDate: Promise<void> = Promise.resolve();
  private queued: Promise<void> | undefined;
  private cancelRenewal = (): void => undefined;
  private closed = false;
  private reported = false;

  constructor(
    private readonly broker: QueueBroker,
    private readonly clock: Clock,
    private readonly logger: DepotLogger,
    private readonly listen: () => Promise<void> = () => Promise.resolve(),
  ) {
    broker.onPush((push) => {
      if (push.kind === 'event') this.deliver(push.event);
    });
    // An engine that lost its memory has forgotten what it was told.
    broker.onGap(() => this.renew());
  }

  /** Calls the listener for each such event, of whichever process; the returned function ends it. `ready` says when it is in force. */
  push(name: TaskEventName, listener: EventListener): () => void {
    const listeners = this.listeners.get(name);
    if (listeners) listeners.add(listener);
    else {
      this.listeners.set(name, new Set([listener]));
      this.tell().catch(() => undefined);
    }
    return () => this.end(name, listener);
  }

  /** Has these events stored, and no others. Others may handle them when this process is gone, so only a lease ends it. */
  store(names: readonly TaskEventName[]): Promise<void> {
    this.stored = [...names];
    return this.tell();
  }

  /** Resolves when the engine knows what is wanted now. @throws when it can't be reached; it is told later, then */
  get ready(): Promise<void> {
    return this.upToDate;
  }

  /** Nothing is pushed any more, and nothing renewed. Never rejects. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const pushed = this.listeners.size > 0;
    this.listeners.clear();
    if (pushed) await this.tell().catch(() => undefined);
    this.cancelRenewal();
  }

  private end(name: TaskEventName, listener: EventListener): void {
    const listeners = this.listeners.get(name);
    if (!listeners?.delete(listener) || listeners.size > 0) return;
    this.listeners.delete(name);
    this.tell().catch(() => undefined);
  }

  private deliver(event: EventRecord): void {
    for (const listener of [...(this.listeners.get(event.name) ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        const { message, stack } = toError(error);
        this.logger.error(
          `Queue '${this.broker.name}': a listener of '${event.name}' failed: ${message}`,
          stack,
        );
      }
    }
  }

  private renew(): void {
    if (!this.closed && this.wanted) this.tell().catch(() => undefined);
  }

  private get wanted(): boolean {
    return this.listeners.size > 0 || this.stored.length > 0;
  }

  /** One call at a time, so that the newest wish is the last that the engine hears; what is wished before it begins shares it. */
  private tell(): Promise<void> {
    if (!this.queued) {
      const before = this.upToDate.catch(() => undefined);
      this.queued = before.then(() => this.send());
      this.upToDate = this.queued;
      this.upToDate.catch(() => undefined);
    }
    return this.queued;
  }

  private async send(): Promise<void> {
    this.queued = undefined;
    this.cancelRenewal();
    try {
      // What is pushed reaches only who listens.
      if (this.listeners.size > 0) await this.listen();
      await this.broker.subscribe([...this.listeners.keys()], this.stored);
      this.reported = false;
      if (this.wanted) this.renewIn(RENEW_MS);
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  private failed(error: unknown): void {
    if (this.closed || error instanceof EngineClosedError) return;
    this.renewIn(RETRY_MS);
    // One outage is one piece of news.
    if (this.reported) return;
    this.reported = true;
    this.logger.warn(
      `Queue '${this.broker.name}': its events could not be subscribed to; it will try again: ${toError(error).message}`,
    );
  }

  private renewIn(ms: number): void {
    if (!this.closed)
      this.cancelRenewal = this.clock.after(ms, () => void this.tell().catch(() => undefined));
  }
}
