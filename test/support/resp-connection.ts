import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

const REPLY_TIMEOUT_MS = 5_000;

/** Just enough of the Redis protocol to ask a server one thing without the client under test. */
export class RespConnection {
  private received = '';

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (this.received += text));
    socket.on('error', () => undefined);
  }

  static async open(port: number): Promise<RespConnection> {
    const socket = createConnection({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    return new RespConnection(socket);
  }

  /** Sends an inline command and returns its reply, which has to be one value. */
  async send(line: string): Promise<string> {
    this.received = '';
    this.socket.write(`${line}\r\n`);
    const signal = AbortSignal.timeout(REPLY_TIMEOUT_MS);
    for (;;) {
      const reply = parse(this.received);
      if (reply !== undefined) return reply;
      if (this.socket.destroyed) throw new Error(`the connection closed before ${line} was answered`);
      await Promise.race([once(this.socket, 'data', { signal }), once(this.socket, 'close', { signal })]);
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

function parse(received: string): string | undefined {
  const end = received.indexOf('\r\n');
  if (end < 0) return undefined;
  const [kind, rest] = [received[0], received.slice(1, end)];
  if (kind === '-') throw new Error(rest);
  if (kind === '+' || kind === ':') return rest;
  if (kind !== '$') throw new Error(`a reply of type ${String(kind)} is not one value`);
  const from = end + 2;
  const to = from + Number(rest);
  return received.length >= to + 2 ? received.slice(from, to) : undefined;
}
