import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';

export interface Ask {
  readonly ask: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface Answer {
  readonly answer: number;
  readonly value?: unknown;
  readonly error?: string;
}

export interface Tell {
  readonly tell: string;
  readonly value: unknown;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const TYPESCRIPT = new URL('../../test/support/typescript.mjs', import.meta.url).href;
const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));
const CALL_TIMEOUT_MS = 180_000;

/** What a role's module exports: functions, and nothing else. */
type Role = Readonly<Record<string, (...args: never[]) => unknown>>;

/**
 * A process of its own that plays a role: the functions of a module, called from here by their names, with arguments
 * and results that a structured clone can carry. It ends with this process.
 *
 * @example
 * const process = await BenchProcess.start<typeof import('./task.role.js')>(new URL('./task.role.ts', import.meta.url));
 * await process.call('openProducer', target);
 */
export class BenchProcess<R extends Role> implements AsyncDisposable {
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

  static async start<R extends Role>(
    role: URL,
    nodeOptions: readonly string[] = [],
  ): Promise<BenchProcess<R>> {
    const child = fork(CHILD, [role.href], {
      execArgv: ['--import', TYPESCRIPT, ...nodeOptions],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
      env: { ...process.env, NODE_ENV: 'production' },
    });
    const started = new BenchProcess<R>(child);
    await new Promise<void>((resolve, reject) => {
      started.on('ready', () => resolve());
      child.once('exit', () => reject(new Error(`${role.href} did not start:\n${started.output}`)));
    });
    return started;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  call<M extends keyof R & string>(method: M, ...args: Parameters<R[M]>): Promise<Awaited<ReturnType<R[M]>>> {
    return this.ask(method, args) as Promise<Awaited<ReturnType<R[M]>>>;
  }

  /** Begins a CPU profile in the process. */
  async startProfile(): Promise<void> {
    await this.ask('startProfile', []);
  }

  /** Ends it, and writes it to a file. */
  async stopProfile(file: string): Promise<void> {
    await this.ask('stopProfile', [file]);
  }

  /** Bytes of the heap that are in use; after a collection when it was started with `--expose-gc`. */
  async heapUsed(): Promise<number> {
    await this.ask('collectGarbage', []);
    return (await this.ask('heapUsed', [])) as number;
  }

  /** Calls back with every value that the process tells under that name. */
  on(name: string, listener: (value: unknown) => void): void {
    this.listeners.set(name, listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }

  private async ask(method: string, args: readonly unknown[]): Promise<unknown> {
    const ask = ++this.asked;
    const abort = new AbortController();
    const tooLate = pause(CALL_TIMEOUT_MS, undefined, { signal: abort.signal }).then(() => {
      throw new Error(`${method} took longer than ${CALL_TIMEOUT_MS} ms\n${this.output}`);
    });
    const answer = new Promise<unknown>((resolve, reject) => {
      this.pending.set(ask, { resolve, reject });
      if (!this.child.connected) this.fail('has ended');
      else this.child.send({ ask, method, args } satisfies Ask);
    });
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      this.pending.delete(ask);
      abort.abort();
      tooLate.catch(() => undefined);
    }
  }

  private take(message: Answer | Tell): void {
    if ('tell' in message) {
      this.listeners.get(message.tell)?.(message.value);
    } else if (message.error === undefined) {
      this.pending.get(message.answer)?.resolve(message.value);
    } else {
      this.pending.get(message.answer)?.reject(new Error(`${message.error}\n${this.output}`));
    }
  }

  private fail(how: string): void {
    for (const { reject } of this.pending.values()) reject(new Error(`the process ${how}\n${this.output}`));
  }
}
