import { AppProcess } from '../acceptance/app-process.js';
import { isRunning } from '../support/processes.js';
import type { Holding, LockNodeSettings, Wandering, Written } from './lock-node.messages.js';

const APP = new URL('./lock-node.app.ts', import.meta.url);

/** A process of its own with locks: an application for each namespace that is opened in it. */
export class LockNode {
  private constructor(
    readonly who: number,
    private readonly process: AppProcess,
  ) {}

  static async start(settings: LockNodeSettings): Promise<LockNode> {
    return new LockNode(settings.who, await AppProcess.start(APP, settings));
  }

  get pid(): number {
    return this.process.pid;
  }

  open(namespace: string): Promise<void> {
    return this.process.call('open', namespace);
  }

  leave(namespace: string): Promise<void> {
    return this.process.call('leave', namespace);
  }

  /** Does at random what one can do with locks. Rejects when it is killed. */
  wander(wandering: Wandering): Promise<void> {
    return this.process.call('wander', wandering);
  }

  /** Gets every lock that there is once more, alone. */
  getAll(wandering: Pick<Wandering, 'namespace' | 'seed'>): Promise<void> {
    return this.process.call('getAll', wandering);
  }

  /** Blocks its event loop for so long. */
  block(ms: number): Promise<void> {
    return this.process.call('block', ms);
  }

  hold(holding: Holding): Promise<void> {
    return this.process.call('hold', holding);
  }

  write(key: string): Promise<Written> {
    return this.process.call('write', key);
  }

  /** Looks whether the lock is held, and then stops in its tracks; when it is resumed it writes. */
  sleepAndWrite(key: string): Promise<Written> {
    return this.process.call('sleepAndWrite', key);
  }

  /** Stops it in its tracks; nothing happens when it is dead. */
  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  kill(): Promise<void> {
    return this.process.kill();
  }

  /** Closes what is open; fails when the process does not end by itself then. */
  stop(): Promise<void> {
    return this.process.stop();
  }

  private signal(signal: NodeJS.Signals): void {
    if (isRunning(this.pid)) process.kill(this.pid, signal);
  }
}
