import type { RedisLink } from '../redis-link.js';

/**
 * Hears what is told to this process on a channel of its own, by a connection of its own. Unlike a list that is popped, a
 * channel costs no command for each message, and whoever publishes learns whether anybody is there to hear it.
 */
export class LockEar {
  private starting: Promise<void> | undefined;
  private readonly gapListeners: (() => void)[] = [];

  constructor(
    private readonly link: RedisLink,
    readonly channel: string,
    private readonly hear: (message: string) => void,
  ) {}

  /** Resolves once it listens; harmless when it does. @throws EngineUnavailableError, EngineReplyError */
  start(): Promise<void> {
    this.starting ??= this.listen().catch((error: unknown) => {
      this.starting = undefined;
      throw error;
    });
    return this.starting;
  }

  /** Calls back when something may have been missed. */
  onGap(listener: () => void): void {
    this.gapListeners.push(listener);
  }

  close(): void {
    this.link.close();
  }

  private async listen(): Promise<void> {
    await this.link.open();
    await this.subscribe();
    this.link.redis.on('message', (_channel, message) => this.hear(message));
    this.link.onBack(() => void this.listenAgain());
  }

  /** Should the connection be lost again meanwhile, it comes back again. */
  private async listenAgain(): Promise<void> {
    await this.subscribe().catch(() => undefined);
    for (const listener of this.gapListeners) listener();
  }

  private async subscribe(): Promise<void> {
    await this.link.command((redis) => redis.subscribe(this.channel));
  }
}
