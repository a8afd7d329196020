import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Puts a proxy before a Redis that counts how often its clients ask. */
export async function countRoundTrips(port: number): Promise<RoundTrips> {
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new RoundTrips(server, port);
}

/**
 * A round trip begins with what a client writes when it has heard something since it wrote before: what is written
 * together, in however many pieces, is one.
 */
export class RoundTrips implements AsyncDisposable {
  private readonly sockets = new Set<Socket>();
  private counted = 0;

  constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (client) => this.connect(client));
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** By all clients, so far. */
  get count(): number {
    return this.counted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private connect(client: Socket): void {
    const upstream = createConnection({ port: this.target, host: '127.0.0.1', noDelay: true });
    let asking = false;
    client.on('data', (piece) => {
      if (!asking) this.counted++;
      asking = true;
      upstream.write(piece);
    });
    upstream.on('data', (piece) => {
      asking = false;
      client.write(piece);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
  }
}
