import type { Redis } from 'ioredis';
import { toError } from '../../../common/errors.js';
import type { DepotLogger } from '../../../common/logger.js';
import type { RedisLink } from '../redis-link.js';

/** What the feed tells of. */
export interface FeedListener {
  /** Every change from now on is told. What happened before is not. */
  confirmed(): void;
  /** Nothing is told any more. */
  lost(): void;
  /** Somebody has changed a key below the prefix: set, deleted, expired, evicted. */
  changed(key: string): void;
  /** Whoever waits for the entry of this key looks again. */
  news(key: string): void;
  /** Redis was emptied. */
  flushed(): void;
}

/** Redis' own channel for keys that were tracked and have changed. */
const INVALIDATE = '__redis__:invalidate';
const LOOK_EVERY_MS = 1_000;
/** After so many looks without a word of Redis, nothing proves that it would tell. */
const TRUSTED_LOOKS = 3;
const PONG_WITHIN_MS = 2_000;

/**
 * Hears of every change below a prefix, on a connection of its own, which tracks for itself (CLIENT TRACKING … BCAST,
 * redirected to its own id). Tracking ends with the connection and says nothing of it, so only what was set up on the
 * connection that is open now counts, and only while Redis was heard of lately.
 */
export class Feed {
  private state: 'idle' | 'started' | 'confirmed' | 'closed' = 'idle';
  /** Counts connections. */
  private session = 0;
  /** Looks since Redis was heard of. */
  private silence = 0;
  private trusted = false;
  /** Since the last look. */
  private used = false;
  private timer: NodeJS.Timeout | undefined;
  private pinging = false;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly link: RedisLink,
    private readonly prefix: string,
    private readonly newsChannel: string,
    private readonly listener: FeedListener,
    private readonly logger: DepotLogger,
  ) {}

  /** Redis does not do it for us: nothing will ever be told. */
  refused = false;

  /** Whether any cache was used yet. */
  get isStarted(): boolean {
    return this.state !== 'idle';
  }

  get isConfirmed(): boolean {
    return this.state === 'confirmed';
  }

  /** Connects, and stays connected from then on; harmless when it has begun. */
  start(): void {
    if (this.state !== 'idle') return;
    this.state = 'started';
    const { redis } = this.link;
    redis.on('messageBuffer', (channel, payload) => this.message(channel, payload));
    redis.on('ready', () => void this.subscribe(redis));
    redis.on('close', () => this.lose());
    // It is repeated by itself until it is there.
    redis.connect().catch(() => undefined);
  }

  /** Resolves once it is confirmed, or at once when it can't be; never rejects. */
  whenConfirmed(): Promise<void> {
    this.start();
    if (this.state !== 'started' || this.refused) return Promise.resolve();
    return new Promise((resolve) => this.waiting.add(resolve));
  }

  /**
   * Whether it can be relied on to have told of everything by now. Who asks keeps it so: Redis is asked for a sign of life
   * only while there is somebody to whom it matters. Looks at no clock, which would take longer than what it is for.
   */
  isTrusted(): boolean {
    this.used = true;
    if (this.trusted) return true;
    if (this.state === 'confirmed') this.ping();
    return false;
  }

  close(): void {
    this.state = 'closed';
    this.distrust();
    this.link.close();
    this.wake();
  }

  private async subscribe(redis: Redis): Promise<void> {
    const session = ++this.session;
    try {
      const id = String(await redis.client('ID'));
      await redis.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', 'PREFIX', this.prefix);
      await redis.subscribe(INVALIDATE, this.newsChannel);
    } catch (error) {
      if (redis.status === 'ready' && session === this.session) this.refuse(toError(error));
      return;
    }
    if (session !== this.session || redis.status !== 'ready' || this.state !== 'started') return;
    this.state = 'confirmed';
    this.refused = false;
    this.listener.confirmed();
    this.heard();
    this.wake();
  }

  private refuse(error: Error): void {
    if (!this.refused) {
      this.logger.warn(
        `${this.link.target} refuses CLIENT TRACKING, so caches keep nothing in memory: ${error.message}`,
      );
    }
    this.refused = true;
    this.wake();
  }

  private lose(): void {
    this.session++;
    if (this.state !== 'confirmed') return;
    this.state = 'started';
    this.distrust();
    this.listener.lost();
  }

  private message(channel: Buffer | string, payload: unknown): void {
    if (this.state !== 'confirmed') return;
    this.heard();
    if (channel.toString() !== INVALIDATE) this.listener.news(String(payload));
    else if (Array.isArray(payload)) for (const key of payload) this.listener.changed(String(key));
    else this.listener.flushed();
  }

  private ping(): void {
    if (this.pinging) return;
    this.pinging = true;
    const { redis } = this.link;
    const { session } = this;
    const timer = setTimeout(() => {
      // Dead, whatever it says.
      if (session === this.session) redis.disconnect(true);
    }, PONG_WITHIN_MS);
    timer.unref();
    redis
      .ping()
      .then(
        () => this.heard(),
        () => undefined,
      )
      .finally(() => {
        clearTimeout(timer);
        this.pinging = false;
      });
  }

  private heard(): void {
    if (this.state !== 'confirmed') return;
    this.silence = 0;
    this.trusted = true;
    this.timer ??= setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  private look(): void {
    if (++this.silence >= TRUSTED_LOOKS) this.distrust();
    else if (this.used) this.ping();
    this.used = false;
  }

  private distrust(): void {
    this.trusted = false;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
