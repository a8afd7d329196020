import { Redis } from 'ioredis';
import type { Request } from './lock-history.js';

interface Seen {
  readonly key: string;
  readonly owner: string;
  place: number;
  token: number | undefined;
}

/**
 * Looks over the server's shoulder: who came when, and what he was granted. A claim that is not granted at once is
 * put in the queue (ZADD), and one that is has its owner's field written (HSET), see lock-state.lua.ts.
 */
export class LockRequests implements AsyncDisposable {
  private readonly seen = new Map<string, Seen>();
  private commands = 0;

  private constructor(
    private readonly redis: Redis,
    private readonly monitor: Redis,
  ) {
    monitor.on('monitor', (_time: string, [command = '', ...args]: string[]) => {
      this.commands++;
      if (command === 'ZADD') this.queued(args);
      else if (command === 'HSET') this.granted(args);
    });
  }

  static async watch(url: string): Promise<LockRequests> {
    const redis = new Redis(url);
    return new LockRequests(redis, await redis.monitor());
  }

  /** Of those who got it. */
  get requests(): readonly Request[] {
    return [...this.seen.values()].flatMap(({ key, owner, place, token }) =>
      token === undefined ? [] : [{ key, owner, place, token }],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.monitor.disconnect();
    await this.redis.quit();
  }

  /** `<key>:waiting NX <place> '<channel> <owner> …'` */
  private queued([key = '', , , member = '']: readonly string[]): void {
    this.entry(key.replace(/:waiting$/, ''), member.split(' ')[1] ?? '');
  }

  /** `<key> <field> <value> …`, and those who have it are fields `=<channel> <owner>`, with the token as fourth word. */
  private granted([key = '', ...pairs]: readonly string[]): void {
    for (let at = 0; at < pairs.length; at += 2) {
      const [channel = '', owner = ''] = pairs[at]?.split(' ') ?? [];
      const token = Number(pairs[at + 1]?.split(' ')[3]);
      if (channel.startsWith('=')) this.entry(key, owner).token ??= token;
    }
  }

  private entry(key: string, owner: string): Seen {
    let entry = this.seen.get(owner);
    if (!entry) this.seen.set(owner, (entry = { key, owner, place: this.commands, token: undefined }));
    return entry;
  }
}
