import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAILS_PER_SECOND } from './checks/post.check.js';
import { Child } from './child.process.js';
import { BACKLOG } from './closed.shop.js';

const APP = join(import.meta.dirname, '..');
const LAST_LINES = 20;

/** Everything that the demo has to clear away: its processes and a folder for their files. */
export class Stage {
  readonly adminKey = randomBytes(16).toString('hex');
  private readonly children: Child[] = [];

  private constructor(
    readonly folder: string,
    /** Aborts when the demo has to end before its end. */
    readonly signal: AbortSignal,
  ) {
    process.on('exit', () => {
      for (const child of this.children) child.killNow();
      rmSync(folder, { recursive: true, force: true });
    });
  }

  static async open(signal: AbortSignal): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'postcards-demo-'));
    await mkdir(join(folder, 'mails'));
    return new Stage(folder, signal);
  }

  get mails(): string {
    return join(this.folder, 'mails');
  }

  get ledger(): string {
    return join(this.folder, 'ledger.jsonl');
  }

  /** What the demo's Redis keeps. */
  get redis(): string {
    return join(this.folder, 'redis');
  }

  start(name: string, command: string, args: readonly string[], env?: Record<string, string>): Child {
    const child = new Child(name, command, args, this.folder, env);
    this.children.push(child);
    return child;
  }

  /** Starts a process of the built app. */
  app(entry: 'main' | 'worker', env: Record<string, string>): Child {
    return this.start(entry, process.execPath, [join(APP, `${entry}.js`)], {
      DATA_DIR: this.folder,
      MAIL_DIR: this.mails,
      LEDGER_FILE: this.ledger,
      PORT: '0',
      ADMIN_KEY: this.adminKey,
      CUSTOMER_BACKLOG: String(BACKLOG),
      MAIL_PER_SECOND: String(MAILS_PER_SECOND),
      ...env,
    });
  }

  /** What the processes printed last, for whoever looks for the cause of a failure. */
  lastWords(): string {
    return this.children
      .map(
        ({ name, pid, output }) =>
          `--- ${name} ${pid}\n${output.trim().split('\n').slice(-LAST_LINES).join('\n')}`,
      )
      .join('\n');
  }

  async close(): Promise<void> {
    // The newest first: Redis is the last to go.
    for (const child of this.children.reverse()) await child.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
