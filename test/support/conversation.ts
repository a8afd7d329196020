import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
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

/** Questions to a child process, its answers, and what it tells unasked, by messages. */
export class Conversation {
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Map<string, (value: unknown) => void>();
  private asked = 0;
  private written = '';

  constructor(
    readonly child: ChildProcess,
    private readonly timeoutMs: number,
  ) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => (this.written += text.toString()));
    child.on('message', (message: Answer | Tell) => this.take(message));
    child.on('exit', (code, signal) => this.fail(`ended with ${signal ?? `code ${String(code)}`}`));
    child.on('error', (error) => this.fail(error.message));
  }

  /** What the child has written to its output. */
  get output(): string {
    return this.written;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** What the method returns there, or rejects with. Rejects when the child ends, or takes too long. */
  async ask(method: string, args: readonly unknown[]): Promise<unknown> {
    const ask = ++this.asked;
    const abort = new AbortController();
    const tooLate = pause(this.timeoutMs, undefined, { signal: abort.signal }).then(() => {
      throw new Error(`${method} took longer than ${this.timeoutMs} ms\n${this.written}`);
    });
    const answer = new Promise<unknown>((resolve, reject) => {
      this.pending.set(ask, { resolve, reject });
      if (this.ended || !this.child.connected) this.fail('has ended');
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

  /** Calls back with every value that the child tells under that name. */
  on(name: string, listener: (value: unknown) => void): void {
    this.listeners.set(name, listener);
  }

  /** Ends the child as a crash would. */
  async kill(): Promise<void> {
    if (this.ended) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
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
    for (const { reject } of this.pending.values()) reject(new Error(`the process ${how}\n${this.written}`));
  }
}
