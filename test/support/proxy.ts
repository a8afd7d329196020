import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface ProxyTarget {
  readonly port: number;
  readonly host?: string;
}

/** Puts a TCP proxy on a free port of 127.0.0.1 in front of a server, to break the way between it and a client. */
export async function startProxy(target: ProxyTarget): Promise<TcpProxy> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new TcpProxy(server, target);
}

/** What every connection of a proxy looks up before it moves a byte. */
interface Weather {
  readonly silent: boolean;
  readonly delayMs: number;
}

interface LostReply {
  readonly to: string;
  readonly lost: () => void;
}

/** A TCP proxy that misbehaves on demand. */
export class TcpProxy implements AsyncDisposable {
  private readonly connections = new Set<Connection>();
  private weather: Weather = { silent: false, delayMs: 0 };
  private refusing = false;
  private lostReply: LostReply | undefined;

  constructor(
    private readonly server: Server,
    private readonly target: ProxyTarget,
  ) {
    server.on('connection', (client) => {
      this.accept(client);
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many clients are connected. */
  get size(): number {
    return this.connections.size;
  }

  /** `url` with this proxy's host and port in place of the server's. */
  urlOf(url: string): string {
    const through = new URL(url);
    through.host = `127.0.0.1:${this.port}`;
    return through.href;
  }

  /** Resets every open connection. New ones are served, unless `refuse` is on. */
  cut(): void {
    for (const connection of this.connections) connection.reset();
  }

  /** Resets every open connection and every new one, until `restore`. */
  refuse(): void {
    this.refusing = true;
    this.cut();
  }

  /**
   * Moves nothing in either direction and keeps all sockets open, until `restore`, which delivers what was held back
   * (as TCP does once the way is free again). New connections are accepted and hear nothing either.
   */
  blackhole(): void {
    this.setWeather({ ...this.weather, silent: true });
  }

  /** Holds every piece back by `delayMs` in each direction, until `restore`. */
  delay(delayMs: number): void {
    this.setWeather({ ...this.weather, delayMs });
  }

  /**
   * Loses the next reply: the server has done what it was asked to, the reply is thrown away and the connection is
   * reset. Happens once; the promise resolves when it has.
   *
   * @param to text that the request has to contain, such as a command or key; left out: any request
   */
  dropReplies(to = ''): Promise<void> {
    return new Promise((lost) => {
      this.lostReply = { to: to.toLowerCase(), lost };
    });
  }

  /** Ends every disturbance. Open connections live on, and get what was held back. */
  restore(): void {
    this.refusing = false;
    this.lostReply = undefined;
    this.setWeather({ silent: false, delayMs: 0 });
  }

  /** Stops listening and resets every open connection. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private accept(client: Socket): void {
    if (this.refusing) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const upstream = createConnection({
      host: this.target.host ?? '127.0.0.1',
      port: this.target.port,
      allowHalfOpen: true,
      noDelay: true,
    });
    client.setNoDelay(true);
    const connection = new Connection(client, upstream, this.weather, (request) => this.loses(request));
    this.connections.add(connection);
    client.once('close', () => this.connections.delete(connection));
  }

  private loses(request: string): boolean {
    if (this.lostReply === undefined || !request.includes(this.lostReply.to)) return false;
    this.lostReply.lost();
    this.lostReply = undefined;
    return true;
  }

  private setWeather(weather: Weather): void {
    this.weather = weather;
    for (const connection of this.connections) connection.setWeather(weather);
  }
}

/** One client's pair of sockets. */
class Connection {
  private request = '';
  private readonly lanes: readonly [Lane, Lane];

  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    weather: Weather,
    loses: (request: string) => boolean,
  ) {
    const toServer = new Lane(upstream, weather);
    const toClient = new Lane(client, weather);
    this.lanes = [toServer, toClient];

    client.on('data', (piece: Buffer) => {
      this.request = piece.toString('latin1').toLowerCase();
      toServer.push(piece);
    });
    upstream.on('data', (piece: Buffer) => {
      if (loses(this.request)) this.reset();
      else toClient.push(piece);
    });
    client.on('end', () => toServer.end());
    upstream.on('end', () => toClient.end());
    for (const socket of [client, upstream]) {
      socket.on('error', () => this.reset());
      // A socket that is gone can't hear the other side any more.
      socket.on('close', () => this.reset());
    }
  }

  setWeather(weather: Weather): void {
    for (const lane of this.lanes) lane.setWeather(weather);
  }

  reset(): void {
    for (const lane of this.lanes) lane.clear();
    for (const socket of [this.client, this.upstream]) {
      if (socket.destroyed) continue;
      // Node can't reset a socket whose end is on its way: it would keep it, and spin for ever when the process is to exit.
      if (socket.writableEnded && !socket.writableFinished) socket.destroy();
      else socket.resetAndDestroy();
    }
  }
}

interface Held {
  readonly piece: Buffer | 'end';
  readonly since: number;
}

/** One direction of a connection: pieces in order, each held back for as long as the weather says. */
class Lane {
  private held: Held[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly to: Socket,
    private weather: Weather,
  ) {}

  push(piece: Buffer): void {
    this.held.push({ piece, since: performance.now() });
    this.move();
  }

  end(): void {
    this.held.push({ piece: 'end', since: performance.now() });
    this.move();
  }

  setWeather(weather: Weather): void {
    this.weather = weather;
    this.move();
  }

  clear(): void {
    this.held = [];
    clearTimeout(this.timer);
  }

  private move(): void {
    clearTimeout(this.timer);
    if (this.weather.silent) return;
    for (let next = this.held[0]; next !== undefined; next = this.held[0]) {
      const leftMs = next.since + this.weather.delayMs - performance.now();
      if (leftMs > 0) {
        this.timer = setTimeout(() => this.move(), leftMs);
        return;
      }
      this.held.shift();
      if (next.piece === 'end') this.to.end();
      else this.to.write(next.piece);
    }
  }
}
