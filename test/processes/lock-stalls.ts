import { Redis } from 'ioredis';
import { monotonic, type Disturbance } from '../model/cache-history.js';

const TICK_MS = 10;
const LATE_MS = 30;

/** Whether Redis answers in time: one that has to write everything to a busy disk first does not always. */
export class RedisStalls implements AsyncDisposable {
  readonly disturbances: Disturbance[] = [];
  private readonly redis: Redis;
  private readonly ticker: NodeJS.Timeout;
  private asking = false;

  constructor(url: string, key: string) {
    this.redis = new Redis(url, { maxRetriesPerRequest: 0 });
    // It may be killed, and that is known.
    this.redis.on('error', () => undefined);
    this.ticker = setInterval(() => void this.ask(key), TICK_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.ticker);
    this.redis.disconnect();
  }

  /** Writes, as all scripts of locks do. */
  private async ask(key: string): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    const from = monotonic();
    await this.redis.set(key, 'asked').catch(() => undefined);
    const until = monotonic();
    if (until - from > LATE_MS) this.disturbances.push({ who: undefined, how: 'late', from, until });
    this.asking = false;
  }
}
