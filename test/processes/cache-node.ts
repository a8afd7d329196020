import type { CacheOptions, CacheStats, SetOptions } from 'nestjs-depot';
import { AppProcess } from '../acceptance/app-process.js';
import type { Diary } from '../model/cache-history.js';
import type {
  Answered,
  CacheNodeSettings,
  Calling,
  Opening,
  Setting,
  Wandering,
} from './cache-node.messages.js';

const APP = new URL('./cache-node.app.ts', import.meta.url);

/** A process of its own with caches: an application for each namespace that is opened in it. */
export class CacheNode {
  private constructor(
    readonly who: number,
    private readonly process: AppProcess,
  ) {}

  static async start(settings: CacheNodeSettings): Promise<CacheNode> {
    return new CacheNode(settings.who, await AppProcess.start(APP, settings));
  }

  get pid(): number {
    return this.process.pid;
  }

  /** What it has warned of. */
  get log(): string {
    return this.process.log;
  }

  open(namespace: string, cache: CacheOptions = {}): Promise<void> {
    return this.process.call('open', { namespace, cache } satisfies Opening);
  }

  leave(namespace: string): Promise<void> {
    return this.process.call('leave', namespace);
  }

  /** Does at random what one can do with a cache. */
  wander(wandering: Wandering): Promise<Diary> {
    return this.process.call('wander', wandering);
  }

  /** Calls `getOrSet`, many times at once. Both promises: all wait; all have their answer. */
  call(calling: Calling): { readonly waiting: Promise<void>; readonly answers: Promise<Answered[]> } {
    const waiting = new Promise<void>((resolve) => this.process.on('calling', () => resolve()));
    return { waiting, answers: this.process.call<Answered[]>('call', calling) };
  }

  get(namespace: string, key: string): Promise<unknown> {
    return this.process.call('get', { namespace, key });
  }

  set(namespace: string, key: string, value: unknown, options: SetOptions = {}): Promise<boolean> {
    return this.process.call('set', { namespace, key, value, options } satisfies Setting);
  }

  invalidateTags(namespace: string, tag: string): Promise<void> {
    return this.process.call('invalidateTags', { namespace, tag });
  }

  stats(namespace: string): Promise<CacheStats> {
    return this.process.call('stats', namespace);
  }

  /** Stops it in its tracks. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  kill(): Promise<void> {
    return this.process.kill();
  }

  /** Closes what is open; fails when the process does not end by itself then. */
  stop(): Promise<void> {
    return this.process.stop();
  }
}
