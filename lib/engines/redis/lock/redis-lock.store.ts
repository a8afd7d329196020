import type {
  GrantedListener,
  LockAnswer,
  LockClaim,
  LockHolder,
  LockRelease,
  LockState,
  LockStore,
} from '../../../lock/lock.store.js';
import type { LuaScript } from '../lua.js';
import type { RedisKeys } from '../redis-keys.js';
import type { RedisLink } from '../redis-link.js';
import { LOCK_ACQUIRE } from '../scripts/lock-acquire.lua.js';
import { LOCK_EXTEND } from '../scripts/lock-extend.lua.js';
import { LOCK_FORCE } from '../scripts/lock-force.lua.js';
import { LOCK_LOOK } from '../scripts/lock-look.lua.js';
import { LOCK_RELEASE } from '../scripts/lock-release.lua.js';
import { LockEar } from './lock-ear.js';

/** Locks on Redis: each method is one script, and a hand-over is published on the channel of the waiter's process. */
export class RedisLockStore implements LockStore {
  private readonly listeners: GrantedListener[] = [];
  private readonly ear: LockEar;
  private listening = false;

  constructor(
    private readonly link: RedisLink,
    earLink: RedisLink,
    private readonly keys: RedisKeys,
    process: string,
  ) {
    this.ear = new LockEar(earLink, keys.lockChannel(process), (message) => this.heard(message));
  }

  tryAcquire(claim: LockClaim): Promise<LockAnswer> {
    return this.ask(claim, 'try');
  }

  acquire(claim: LockClaim): Promise<LockAnswer> {
    return this.listening ? this.ask(claim, 'wait') : this.acquireFirst(claim);
  }

  async extend(claim: LockClaim, ttlMs: number, token?: number): Promise<boolean> {
    return (await this.run(LOCK_EXTEND, claim.key, this.member(claim), ttlMs, token ?? '')) === 1;
  }

  release(claim: LockClaim): Promise<LockRelease> {
    const { key, permits, limit, ttlMs } = claim;
    return this.run(LOCK_RELEASE, key, this.member(claim), permits, limit, ttlMs).then((outcome) => ({
      held: outcome === 1 || outcome === 3,
      watch: outcome === 2 || outcome === 3,
    }));
  }

  async look(key: string): Promise<boolean> {
    const [watch] = (await this.run(LOCK_LOOK, key)) as [number];
    return watch === 1;
  }

  async inspect(key: string): Promise<LockState> {
    const [, waiters, ...texts] = (await this.run(LOCK_LOOK, key)) as [number, number, ...string[]];
    const holders: LockHolder[] = [];
    for (let at = 0; at < texts.length; at += 2)
      holders.push(readHolder(texts[at] ?? '', texts[at + 1] ?? ''));
    return { holders: holders.sort((a, b) => a.token - b.token), waiters };
  }

  async forceRelease(key: string): Promise<number> {
    return (await this.run(LOCK_FORCE, key)) as number;
  }

  onGranted(listener: GrantedListener): void {
    this.listeners.push(listener);
  }

  onGap(listener: () => void): void {
    this.ear.onGap(listener);
  }

  close(): void {
    this.ear.close();
  }

  /** Nobody may stand in the queue who could not be told; and who need not wait needs no further connection. */
  private async acquireFirst(claim: LockClaim): Promise<LockAnswer> {
    const first = await this.ask(claim, 'try');
    if (first.granted) return first;
    await this.ear.start();
    this.listening = true;
    const answer = await this.ask(claim, 'wait');
    // Whoever is handed the lock counts from when he asked, which was before the connection was made.
    return answer.granted ? answer : { ...answer, at: first.at };
  }

  private ask(claim: LockClaim, mode: 'try' | 'wait'): Promise<LockAnswer> {
    const { key, permits, limit, ttlMs } = claim;
    return this.run(LOCK_ACQUIRE, key, this.member(claim), permits, limit, ttlMs, mode).then(readAnswer);
  }

  /** The owner, and where his process hears of it. */
  private member({ owner }: LockClaim): string {
    return `${this.ear.channel} ${owner}`;
  }

  private run(script: LuaScript, key: string, ...args: (string | number)[]): Promise<unknown> {
    const { state, waiting } = this.keys.lock(key);
    return this.link.run(script, [state, waiting], [key, ...args]);
  }

  private heard(message: string): void {
    const [, owner, token, until, key] = HAND_OVER.exec(message) ?? [];
    if (owner === undefined || key === undefined) return;
    const handOver = { token: Number(token), until: Number(until) };
    for (const listener of this.listeners) listener(key, owner, handOver);
  }
}

/** Owner, token, until when, and the key, which may hold anything. */
const HAND_OVER = /^(\S+) (\d+) (\d+) (.*)$/s;

function readAnswer(answer: unknown): LockAnswer {
  if (typeof answer === 'string') return { granted: true, token: Number(answer) };
  const [leftMs, at] = answer as [number, number];
  return { granted: false, leftMs, at };
}

/** @param text see the script */
function readHolder(member: string, text: string): LockHolder {
  const [until = 0, since = 0, permits = 0, token = 0] = text.split(' ').map(Number);
  return { owner: member.slice(member.indexOf(' ') + 1), token, since, until, permits };
}
