import { Redis } from 'ioredis';
import { monotonic, type Disturbance } from '../model/cache-history.js';

const TICK_MS = 5;
const LATE_MS = 15;

/** Whether Redis and this process, through which everything goes, are on time; where not, nobody else can be. */
export class Timeliness implements AsyncDisposable {
  readonly disturbances: Disturbance[] = [];
  private readonly redis: Redis;
  private readonly ticker: NodeJS.Timeout;
  private last = monotonic();
  private asking = false;

  constructor(url: string) {
    this.redis = new Redis(url);
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  private tick(): void {
    const now = monotonic();
    this.note(this.last, now);
    this.last = now;
    if (this.asking) return;
    this.asking = true;
    void this.redis
      .ping()
      .then(() => this.note(now, monotonic()))
      .finally(() => (this.asking = false));
  }

  private note(from: number, until: number): void {
    if (until - from > LATE_MS) this.disturbances.push({ who: undefined, how: 'late', from, until });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.ticker);
    await this.redis.quit();
  }
}
