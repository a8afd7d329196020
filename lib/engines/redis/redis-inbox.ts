import { toError } from '../../common/errors.js';
import type { DepotLogger } from '../../common/logger.js';
import type { RedisLink } from './redis-link.js';

/**
 * Seconds of one BLPOP, which is the bound on a socket that is open and dead: whatever is pushed wakes it at once. That the
 * other side is gone is noticed sooner, by keep-alive.
 */
export const BLOCK_SECONDS = 30;

type Listener = (fields: string[]) => void;

/**
 * What others push to this process: one `BLPOP` loop on a list of its own, whatever the number of queues. A message is
 * its kind and its fields, a line each; the last field may hold anything, line breaks included.
 */
export class RedisInbox {
  private readonly listeners = new Map<string, { readonly fields: number; readonly listener: Listener }>();
  private readonly gapListeners: (() => void)[] = [];
  private starting: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly link: RedisLink,
    /** The list's key. Scripts push to it. */
    readonly key: string,
    private readonly logger: DepotLogger,
  ) {}

  /** Calls back with the `fields` fields of every message of that kind. */
  on(kind: string, fields: number, listener: Listener): void {
    this.listeners.set(kind, { fields, listener });
  }

  /** Calls back when messages may have been lost: whoever waits for one asks again. */
  onGap(listener: () => void): void {
    this.gapListeners.push(listener);
  }

  /** Connects and listens; harmless when it listens already. */
  start(): Promise<void> {
    this.starting ??= this.link.open().then(
      () => {
        this.link.onBack(() => this.gap());
        void this.loop();
      },
      (error: unknown) => {
        this.starting = undefined;
        throw error;
      },
    );
    return this.starting;
  }

  stop(): void {
    this.stopped = true;
    this.link.close();
  }

  /** Something that was taken from the list may not have arrived. */
  gap(): void {
    for (const listener of this.gapListeners) listener();
  }

  /** Hands out messages that another call has taken from the list. */
  deliver(messages: readonly string[]): void {
    for (const message of messages) {
      try {
        this.dispatch(message);
      } catch (error) {
        this.logger.error(
          `A pushed message could not be handled: ${toError(error).message}`,
          toError(error).stack,
        );
      }
    }
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      try {
        const popped = await this.link.command((redis) => redis.blpop(this.key, BLOCK_SECONDS));
        if (popped) this.deliver([popped[1]]);
      } catch (error) {
        // The connection comes back by itself, and `onGap` tells whoever waits; here is only the pause in between.
        if (this.link.isReady) this.logger.error(`BLPOP on ${this.key}: ${toError(error).message}`);
        await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 100).unref());
      }
    }
  }

  private dispatch(message: string): void {
    const known = this.listeners.get(message.charAt(0));
    if (!known) return;
    const fields: string[] = [];
    let from = 2;
    while (fields.length < known.fields - 1) {
      const end = message.indexOf('\n', from);
      if (end < 0) break;
      fields.push(message.slice(from, end));
      from = end + 1;
    }
    fields.push(message.slice(from));
    known.listener(fields);
  }
}
