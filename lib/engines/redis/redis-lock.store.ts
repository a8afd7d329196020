import type { LockAnswer, LockStore } from '../../lock/lock.store.js';
import type { LuaScript } from './lua.js';
import type { RedisInbox } from './redis-inbox.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';
import { LOCK_ACQUIRE } from './scripts/lock-acquire.lua.js';
import { LOCK_EXTEND } from './scripts/lock-extend.lua.js';
import { LOCK_RELEASE } from './scripts/lock-release.lua.js';

type Granted = (key: string, owner: string) => void;

/** Locks on Redis: each method is one script, and a hand-over is pushed to the wake list of the waiter's process. */
export class RedisLockStore implements LockStore {
  private readonly listeners: Granted[] = [];
  private listening = false;

  constructor(
    private readonly link: RedisLink,
    private readonly inbox: RedisInbox,
    private readonly keys: RedisKeys,
  ) {
    inbox.on('l', 2, ([owner = '', key = '']) => this.listeners.forEach((listener) => listener(key, owner)));
  }

  tryAcquire(key: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    return this.ask(key, owner, ttlMs, 'try');
  }

  async acquire(key: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    if (!this.listening) {
      const answer = await this.ask(key, owner, ttlMs, 'try');
      if (answer.granted) return answer;
      // Nobody may stand in the queue who could not be told; and who need not wait needs no further connection.
      await this.inbox.start();
      this.listening = true;
    }
    return this.ask(key, owner, ttlMs, 'wait');
  }

  async extend(key: string, owner: string, ttlMs: number): Promise<boolean> {
    return (await this.run(LOCK_EXTEND, key, owner, ttlMs)) === 1;
  }

  async release(key: string, owner: string): Promise<boolean> {
    return (await this.run(LOCK_RELEASE, key, owner)) === 1;
  }

  onGranted(listener: Granted): void {
    this.listeners.push(listener);
  }

  onGap(listener: () => void): void {
    this.inbox.onGap(listener);
  }

  private async ask(key: string, owner: string, ttlMs: number, mode: 'try' | 'wait'): Promise<LockAnswer> {
    const [token, leftMs] = (await this.run(LOCK_ACQUIRE, key, owner, ttlMs, mode)) as [string, number];
    return token === '' ? { granted: false, leftMs } : { granted: true, token: Number(token) };
  }

  private run(script: LuaScript, key: string, owner: string, ...args: (string | number)[]): Promise<unknown> {
    const { state, waiting, asked } = this.keys.lock(key);
    return this.link.run(script, [state, waiting, asked], [key, `${this.inbox.key} ${owner}`, ...args]);
  }
}
