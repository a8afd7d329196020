import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, Ask, Tell } from './app-host.js';

const TYPESCRIPT = new URL('../support/typescript.mjs', import.meta.url).href;
const CALL_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 10_000;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A Nest application in a process of its own, which is asked and told by messages. It ends with this process. */
export class AppProcess implements AsyncDisposable {
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Map<string, (value: unknown) => void>();
  private asked = 0;
  private output = '';

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => (this.output += text.toString()));
    child.on('message', (message: Answer | Tell) => this.take(message));
    child.on('exit', (code, signal) => this.fail(`ended with ${signal ?? `code ${String(code)}`}`));
    child.on('error', (error) => this.fail(error.message));
  }

  /** Runs an application of apps/, or another one, and waits until it has started. */
  static async start(app: string | URL, settings: object): Promise<AppProcess> {
    const url = typeof app === 'string' ? new URL(`./apps/${app}.app.ts`, import.meta.url) : app;
    const script = fileURLToPath(url);
    const child = fork(script, [JSON.stringify(settings)], {
      execArgv: ['--import', TYPESCRIPT],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const process = new AppProcess(child);
    try {
      await process.call('start');
    } catch (error) {
      await process.kill();
      throw error;
    }
    return process;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What it has written to its output. */
  get log(): string {
    return this.output;
  }

  async call<T>(method: string, argument?: unknown): Promise<T> {
    const ask = ++this.asked;
    const abort = new AbortController();
    const tooLate = pause(CALL_TIMEOUT_MS, undefined, { signal: abort.signal }).then(() => {
      throw new Error(`${method} took longer than ${CALL_TIMEOUT_MS} ms\n${this.output}`);
    });
    const answer = new Promise<unknown>((resolve, reject) => {
      this.pending.set(ask, { resolve, reject });
      if (this.ended) this.fail('has ended');
      else this.child.send({ ask, method, argument } satisfies Ask);
    });
    try {
      return (await Promise.race([answer, tooLate])) as T;
    } finally {
      this.pending.delete(ask);
      abort.abort();
      tooLate.catch(() => undefined);
    }
  }

  /** Calls back with every value that the application tells under that name. */
  on(name: string, listener: (value: unknown) => void): void {
    this.listeners.set(name, listener);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    if (this.ended) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }

  /** Closes the application, and waits until its process has ended by itself; one that does not is an error. */
  async stop(): Promise<void> {
    if (this.ended) return;
    const exit = once(this.child, 'exit');
    await this.call('close');
    this.child.disconnect();
    const abort = new AbortController();
    const late = pause(STOP_TIMEOUT_MS, 'late', { signal: abort.signal }).catch(() => 'ended');
    const how = await Promise.race([exit.then(() => 'ended'), late]);
    abort.abort();
    if (how === 'ended') return;
    await this.kill();
    throw new Error(`the process did not end within ${STOP_TIMEOUT_MS} ms of closing\n${this.output}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  private get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private take(message: Answer | Tell): void {
    if ('tell' in message) {
      this.listeners.get(message.tell)?.(message.value);
    } else if (message.error === undefined) {
      this.pending.get(message.answer)?.resolve(message.value);
    } else {
      this.pending.get(message.answer)?.reject(new Error(message.error));
    }
  }

  private fail(how: string): void {
    for (const { reject } of this.pending.values()) reject(new Error(`the process ${how}\n${this.output}`));
  }
}
