import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Conversation } from '../../test/support/conversation.js';

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
  private constructor(private readonly conversation: Conversation) {}

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
    const conversation = new Conversation(child, CALL_TIMEOUT_MS);
    await new Promise<void>((resolve, reject) => {
      conversation.on('ready', () => resolve());
      child.once('exit', () => reject(new Error(`${role.href} did not start:\n${conversation.output}`)));
    });
    return new BenchProcess<R>(conversation);
  }

  get pid(): number {
    return this.conversation.child.pid ?? 0;
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
    this.conversation.on(name, listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.conversation.kill();
  }

  private ask(method: string, args: readonly unknown[]): Promise<unknown> {
    return this.conversation.ask(method, args);
  }
}
