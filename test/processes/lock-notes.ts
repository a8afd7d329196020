import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { monotonic, type Who } from '../model/cache-history.js';
import type { Attempt, Grant, Write } from './lock-history.js';

/* What a process tells the ledger while it happens, so that nothing of it dies with the process. */

export type Note =
  | ({ readonly kind: 'asked'; readonly id: number } & Pick<Attempt, 'keys' | 'waitMs' | 'begun' | 'last'>)
  | { readonly kind: 'answered'; readonly id: number; readonly ended: number; readonly outcome: string }
  | ({ readonly kind: 'granted' } & Omit<Grant, 'by' | 'heldUntil' | 'lostAt'>)
  | { readonly kind: 'looked'; readonly owner: string; readonly at: number; readonly held: boolean }
  | ({ readonly kind: 'write'; readonly id: number } & Omit<Write, 'by' | 'at' | 'admitted'>)
  | { readonly kind: 'mishap'; readonly how: string; readonly message: string }
  | { readonly kind: 'late'; readonly from: number; readonly until: number };

/** Who tells it, and in which history. */
export type Told = Note & { readonly by: Who; readonly history: string };

/** The only thing that is answered. */
export interface Admission {
  readonly id: number;
  readonly admitted: boolean;
}

const TICK_MS = 5;
/** A timer that is later shows that the process has not run. */
const LATE_MS = 15;

/** A process' way to the ledger, which nobody cuts. */
export class LedgerClient implements Disposable {
  private readonly asked = new Map<number, (admitted: boolean) => void>();
  private readonly ticker: NodeJS.Timeout;
  private last = monotonic();
  private ids = 0;
  /** The one that is going on. */
  history = '';

  private constructor(
    private readonly socket: Socket,
    private readonly by: Who,
  ) {
    createInterface(socket).on('line', (line) => {
      const { id, admitted } = JSON.parse(line) as Admission;
      this.asked.get(id)?.(admitted);
      this.asked.delete(id);
    });
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    process.on('unhandledRejection', this.onUnhandled);
  }

  static async open(port: number, by: Who): Promise<LedgerClient> {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new LedgerClient(socket, by);
  }

  nextId(): number {
    return ++this.ids;
  }

  note(note: Note): void {
    this.socket.write(`${JSON.stringify({ ...note, by: this.by, history: this.history } satisfies Told)}\n`);
  }

  /** Does something to the resource; says whether that was let through. */
  write(write: Omit<Write, 'by' | 'at' | 'admitted'>): Promise<boolean> {
    const id = this.nextId();
    return new Promise((resolve) => {
      this.asked.set(id, resolve);
      this.note({ kind: 'write', id, ...write });
    });
  }

  wrong(how: string, error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.note({ kind: 'mishap', how, message });
  }

  [Symbol.dispose](): void {
    clearInterval(this.ticker);
    process.off('unhandledRejection', this.onUnhandled);
    this.socket.end();
  }

  /** Called by whoever has blocked the event loop, before it goes on: the timers come later. */
  tick(): void {
    const now = monotonic();
    if (now - this.last > LATE_MS) this.note({ kind: 'late', from: this.last, until: now });
    this.last = now;
  }

  private readonly onUnhandled = (error: unknown): void => this.wrong('an unhandled rejection', error);
}
