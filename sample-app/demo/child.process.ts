import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';

const KEPT_OUTPUT = 8_000;

/** A process of the demo's own, which never outlives it. */
export class Child {
  output = '';
  private readonly process: ChildProcess;

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    cwd: string,
    env: Record<string, string> = {},
  ) {
    // Nothing of the shell's but this: a REDIS_URL that is set there, or in a .env, is none of the demo's business.
    const { PATH = '', HOME = '', TMPDIR = '/tmp' } = process.env;
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { stdio, cwd, env: { PATH, HOME, TMPDIR, NO_COLOR: '1', ...env } });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-KEPT_OUTPUT);
      });
    }
    child.on('error', (error) => (this.output += String(error)));
    this.process = child;
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  get running(): boolean {
    return (
      this.process.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null
    );
  }

  /** Waits until it has printed what is looked for. */
  async prints(pattern: RegExp, signal: AbortSignal): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found;
      if (!this.running) throw new Error(`${this.name} did not start, see above`);
      await after(20, undefined, { signal });
    }
  }

  /** Sends a signal, and waits for the end when it is one that ends it. */
  async kill(how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (!this.running) return;
    const exit = once(this.process, 'exit');
    this.process.kill(how);
    await exit;
  }

  /** Asks it to end; insists after a while. @returns whether asking was enough */
  async stop(patienceMs = 10_000): Promise<boolean> {
    const insist = new AbortController();
    const insisted = after(patienceMs, true, { signal: insist.signal }).catch(() => false);
    const asked = this.kill('SIGTERM');
    if (await Promise.race([asked.then(() => false), insisted])) await this.kill('SIGKILL');
    insist.abort();
    return this.process.signalCode !== 'SIGKILL';
  }

  /** For the moment in which the demo itself ends, when there is no time to wait. */
  killNow(): void {
    if (this.running) this.process.kill('SIGKILL');
  }
}
