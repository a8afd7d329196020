import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { Conversation } from '../support/conversation.js';

const TYPESCRIPT = new URL('../support/typescript.mjs', import.meta.url).href;
const CALL_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 10_000;

/** A Nest application in a process of its own, which is asked and told by messages. It ends with this process. */
export class AppProcess implements AsyncDisposable {
  private constructor(private readonly conversation: Conversation) {}

  /** Runs an application of apps/, or another one, and waits until it has started. */
  static async start(app: string | URL, settings: object): Promise<AppProcess> {
    const url = typeof app === 'string' ? new URL(`./apps/${app}.app.ts`, import.meta.url) : app;
    const script = fileURLToPath(url);
    const child = fork(script, [JSON.stringify(settings)], {
      execArgv: ['--import', TYPESCRIPT],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const process = new AppProcess(new Conversation(child, CALL_TIMEOUT_MS));
    try {
      await process.call('start');
    } catch (error) {
      await process.kill();
      throw error;
    }
    return process;
  }

  get pid(): number {
    return this.conversation.child.pid ?? 0;
  }

  /** What it has written to its output. */
  get log(): string {
    return this.conversation.output;
  }

  async call<T>(method: string, argument?: unknown): Promise<T> {
    return (await this.conversation.ask(method, [argument])) as T;
  }

  /** Calls back with every value that the application tells under that name. */
  on(name: string, listener: (value: unknown) => void): void {
    this.conversation.on(name, listener);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    await this.conversation.kill();
  }

  /** Closes the application, and waits until its process has ended by itself; one that does not is an error. */
  async stop(): Promise<void> {
    const { child, ended } = this.conversation;
    if (ended) return;
    const exit = once(child, 'exit');
    await this.call('close');
    child.disconnect();
    const abort = new AbortController();
    const late = pause(STOP_TIMEOUT_MS, 'late', { signal: abort.signal }).catch(() => 'ended');
    const how = await Promise.race([exit.then(() => 'ended'), late]);
    abort.abort();
    if (how === 'ended') return;
    await this.kill();
    throw new Error(`the process did not end within ${STOP_TIMEOUT_MS} ms of closing\n${this.log}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
