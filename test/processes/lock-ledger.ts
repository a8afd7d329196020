import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Fence } from 'nestjs-depot';
import { monotonic, type Disturbance, type Mishap, type Who } from '../model/cache-history.js';
import type { Attempt, Death, Grant, History, Write } from './lock-history.js';
import type { Admission, Note, Told } from './lock-notes.js';

const TICK_MS = 5;
const LATE_MS = 15;

/** Its own entries of one history. */
interface Page {
  readonly attempts: Map<string, Attempt>;
  readonly grants: Map<string, Grant>;
  readonly writes: Write[];
  readonly deaths: Death[];
  readonly mishaps: Mishap[];
  readonly disturbances: Disturbance[];
  readonly guard: Guard;
}

/**
 * The resource that the locks protect, outside of all processes that have them. It lets through what the fencing token
 * allows, and writes down everything that it is told, in the order in which it hears of it.
 */
export class LockLedger implements AsyncDisposable {
  private readonly pages = new Map<string, Page>();
  private readonly sockets = new Set<Socket>();
  private readonly ticker: NodeJS.Timeout;
  private last = monotonic();

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.accept(socket));
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  static async start(): Promise<LockLedger> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new LockLedger(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on it lets everything through. */
  unfence(history: string): void {
    this.page(history).guard.isOpen = true;
  }

  /** The weather, and who has died of it. */
  disturbed(history: string, disturbances: readonly Disturbance[], deaths: readonly Death[] = []): void {
    const page = this.page(history);
    page.disturbances.push(...disturbances);
    page.deaths.push(...deaths);
  }

  read(history: string): Omit<History, 'requests'> {
    const { attempts, grants, writes, deaths, mishaps, disturbances } = this.page(history);
    return {
      ...{ attempts: [...attempts.values()], grants: [...grants.values()], writes: [...writes] },
      ...{ deaths: [...deaths], mishaps: [...mishaps], disturbances: [...disturbances] },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.ticker);
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    // A process that was killed leaves half a line at most.
    socket.on('error', () => undefined);
    const lines = createInterface(socket);
    lines.on('error', () => undefined);
    lines.on('line', (line) => {
      const told = parsed(line);
      if (!told) return;
      const answer = this.take(told, this.page(told.history));
      if (answer) socket.write(`${JSON.stringify(answer)}\n`);
    });
  }

  private take(note: Note & { readonly by: Who }, page: Page): Admission | undefined {
    const { by } = note;
    switch (note.kind) {
      case 'asked': {
        const { keys, waitMs, begun, last } = note;
        const open = { ended: undefined, outcome: undefined };
        page.attempts.set(`${by} ${note.id}`, { by, keys, waitMs, begun, last, ...open });
        return undefined;
      }
      case 'answered': {
        const attempt = page.attempts.get(`${by} ${note.id}`);
        if (attempt) Object.assign(attempt, { ended: note.ended, outcome: note.outcome });
        return undefined;
      }
      case 'granted': {
        const { kind: _, ...grant } = note;
        page.grants.set(note.owner, { ...grant, heldUntil: note.granted, lostAt: undefined });
        return undefined;
      }
      case 'looked':
        looked(page.grants.get(note.owner), note);
        return undefined;
      case 'write': {
        const { id, key, owner, token, how } = note;
        const admitted = page.guard.admits({ key, token, how });
        page.writes.push({ by, key, owner, token, how, at: monotonic(), admitted });
        return { id, admitted };
      }
      case 'mishap':
        page.mishaps.push({ by, how: note.how, message: note.message });
        return undefined;
      case 'late':
        page.disturbances.push({ who: by, how: 'late', from: note.from, until: note.until });
        return undefined;
    }
  }

  private page(history: string): Page {
    let page = this.pages.get(history);
    if (!page) {
      page = {
        ...{ attempts: new Map(), grants: new Map(), writes: [], deaths: [], mishaps: [], disturbances: [] },
        guard: new Guard(),
      };
      this.pages.set(history, page);
    }
    return page;
  }

  /** This process serves the ways to Redis: when it is late all are. */
  private tick(): void {
    const { last } = this;
    const now = (this.last = monotonic());
    if (now - last <= LATE_MS) return;
    const late = { who: undefined, how: 'late', from: last, until: now };
    for (const { disturbances } of this.pages.values()) disturbances.push(late);
  }
}

/** Who writes has to be newer than everybody who was there; who reads newer than those who wrote. */
class Guard {
  private readonly there = new Fence();
  private readonly wrote = new Fence();

  isOpen = false;

  admits({ key, token, how }: Pick<Write, 'key' | 'token' | 'how'>): boolean {
    // Those who share a semaphore are in no order.
    if (this.isOpen || how === 'enter') return true;
    const newest = this.there.of(key) ?? 0;
    const greater = how === 'read' ? (this.wrote.of(key) ?? 0) : newest;
    if (token < greater) return false;
    if (token >= newest) this.there.admit(key, token);
    if (how === 'write') this.wrote.admit(key, token);
    return true;
  }
}

function looked(
  grant: Grant | undefined,
  { at, held }: { readonly at: number; readonly held: boolean },
): void {
  if (!grant) return;
  if (held) grant.heldUntil = Math.max(grant.heldUntil, at);
  else grant.lostAt ??= at;
}

function parsed(line: string): Told | undefined {
  try {
    return JSON.parse(line) as Told;
  } catch {
    return undefined;
  }
}
