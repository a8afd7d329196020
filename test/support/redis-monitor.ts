import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

/** @param source 'lua' for what a script called */
export type MonitorListener = (args: readonly string[], source: string) => void;

/**
 * What a Redis is asked, by everybody, as MONITOR tells it. The monitor of ioredis loses track when a command comes in one
 * piece with the first answer, as it does on a busy server.
 */
export class RedisMonitor implements Disposable {
  private received = '';

  private constructor(
    private readonly socket: Socket,
    private readonly listener: MonitorListener,
  ) {}

  /** Resolves once everything that is asked from now on is told. */
  static async open(url: string, listener: MonitorListener): Promise<RedisMonitor> {
    const { hostname, port } = new URL(url);
    const socket = createConnection({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    socket.setEncoding('utf8');
    const monitor = new RedisMonitor(socket, listener);
    const begun = new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the monitor was disconnected')));
      socket.on('data', (text: string) => monitor.read(text, resolve));
    });
    socket.write('MONITOR\r\n');
    await begun;
    return monitor;
  }

  disconnect(): void {
    this.socket.destroy();
  }

  [Symbol.dispose](): void {
    this.disconnect();
  }

  private read(text: string, begun: () => void): void {
    const lines = (this.received + text).split('\r\n');
    this.received = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '+OK') begun();
      else this.tell(line);
    }
  }

  private tell(line: string): void {
    const [, source = '', args = ''] = LINE.exec(line) ?? [];
    this.listener(
      Array.from(args.matchAll(ARGUMENT), ([, text = '']) => text.replace(ESCAPED, unescaped)),
      source,
    );
  }
}

/** `+<time> [<database> <source>] "<argument>" …` */
const LINE = /^\+\S+ \[\d+ ([^\]]*)\] (.*)$/s;
const ARGUMENT = /"((?:[^"\\]|\\.)*)"/gs;
const ESCAPED = /\\(x[0-9a-f]{2}|.)/gs;
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };

function unescaped(_: string, what: string): string {
  if (what.length === 3) return String.fromCharCode(Number.parseInt(what.slice(1), 16));
  return CONTROLS[what] ?? what;
}
