import { RedisMonitor } from '../support/redis-monitor.js';
import type { Request } from './lock-history.js';

interface Seen {
  readonly key: string;
  readonly owner: string;
  place: number;
  token: number | undefined;
  /** Out of the queue again. */
  left: boolean;
}

/**
 * Looks over the server's shoulder: who came when, and what he was granted. A claim that is not granted at once is
 * put in the queue (ZADD), and one that is has its owner's field written (HSET), see lock-state.lua.ts.
 */
export class LockRequests implements Disposable {
  private readonly seen = new Map<string, Seen>();
  private commands = 0;
  private monitor: RedisMonitor | undefined;

  static async watch(url: string): Promise<LockRequests> {
    const requests = new LockRequests();
    requests.monitor = await RedisMonitor.open(url, (args) => requests.note(args));
    return requests;
  }

  /** Of those who got it. */
  get requests(): readonly Request[] {
    return [...this.seen.values()].flatMap(({ key, owner, place, token }) =>
      token === undefined ? [] : [{ key, owner, place, token }],
    );
  }

  [Symbol.dispose](): void {
    this.monitor?.disconnect();
  }

  private note([command = '', ...args]: readonly string[]): void {
    this.commands++;
    if (command === 'ZADD') this.queued(args);
    else if (command === 'ZREM') this.left(args);
    else if (command === 'HSET') this.granted(args);
  }

  /** `<key>:waiting NX <place> '<channel> <owner> …'` */
  private queued([key = '', , , member = '']: readonly string[]): void {
    const entry = this.entry(key.replace(/:waiting$/, ''), member.split(' ')[1] ?? '');
    this.comesAgain(entry);
    entry.left = false;
  }

  /** `<key>:waiting '<channel> <owner> …'` */
  private left([, member = '']: readonly string[]): void {
    const entry = this.seen.get(member.split(' ')[1] ?? '');
    if (entry) entry.left = true;
  }

  /** `<key> <field> <value> …`, and those who have it are fields `=<channel> <owner>`: '… … … <token>', and 'handed'. */
  private granted([key = '', ...pairs]: readonly string[]): void {
    for (let at = 0; at < pairs.length; at += 2) {
      const [channel = '', owner = ''] = pairs[at]?.split(' ') ?? [];
      if (!channel.startsWith('=')) continue;
      const [, , , token, handed] = pairs[at + 1]?.split(' ') ?? [];
      const entry = this.entry(key, owner);
      if (handed === undefined) this.comesAgain(entry);
      entry.token ??= Number(token);
    }
  }

  /** A process that did not take up what it was handed has lost all its places, and begins anew. */
  private comesAgain(entry: Seen): void {
    if (entry.left && entry.token === undefined) entry.place = this.commands;
  }

  private entry(key: string, owner: string): Seen {
    let entry = this.seen.get(owner);
    if (!entry) {
      entry = { key, owner, place: this.commands, token: undefined, left: false };
      this.seen.set(owner, entry);
    }
    return entry;
  }
}
