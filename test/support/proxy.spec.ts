import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { startProxy, type TcpProxy } from './proxy.js';

describe('the proxy between a client and a server', () => {
  let server: Server;
  let proxy: TcpProxy;
  let heardByServer: string;
  const clients: Client[] = [];

  beforeEach(async () => {
    heardByServer = '';
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (piece) => {
        heardByServer += piece.toString();
        socket.write(`re:${piece.toString()}`);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await startProxy({ port: (server.address() as AddressInfo).port });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.destroy();
    await proxy.close();
    const closed = once(server, 'close');
    server.close();
    await closed;
  });

  const connect = async (): Promise<Client> => {
    const client = new Client(createConnection({ host: '127.0.0.1', port: proxy.port }));
    clients.push(client);
    await once(client.socket, 'connect');
    return client;
  };

  it('moves bytes both ways', async () => {
    const client = await connect();
    client.say('hello');
    await client.hears('re:hello');
  });

  it('passes on the end of a connection', async () => {
    const client = await connect();
    await eventually(() => expect(proxy.size).toBe(1));
    client.socket.end();
    await client.isClosed();
    await eventually(() => expect(proxy.size).toBe(0));
    expect(client.errors).toEqual([]);
  });

  it('cuts open connections and serves new ones', async () => {
    const client = await connect();
    client.say('one');
    await client.hears('re:one');
    proxy.cut();
    await client.isClosed();
    const next = await connect();
    next.say('two');
    await next.hears('re:two');
  });

  it('refuses old and new connections until it is restored', async () => {
    const client = await connect();
    await eventually(() => expect(proxy.size).toBe(1));
    proxy.refuse();
    await client.isClosed();
    const refused = new Client(createConnection({ host: '127.0.0.1', port: proxy.port }));
    await refused.isClosed();
    proxy.restore();
    const next = await connect();
    next.say('back');
    await next.hears('re:back');
  });

  it('holds bytes back in both directions while it is a black hole, and delivers them in order afterwards', async () => {
    const client = await connect();
    client.say('before.');
    await client.hears('re:before.');
    proxy.blackhole();
    client.say('one.');
    client.say('two.');
    const other = await connect();
    other.say('three.');
    await eventually(() => expect(proxy.size).toBe(2));
    expect(heardByServer).toBe('before.');
    expect(client.socket.destroyed).toBe(false);
    proxy.restore();
    await eventually(() => expect(client.heard.replaceAll('re:', '')).toBe('before.one.two.'));
    await other.hears('re:three.');
  });

  it('loses one reply after the server has acted on the request', async () => {
    const client = await connect();
    const other = await connect();
    const lost = proxy.dropReplies('POP');
    other.say('push');
    await other.hears('re:push');
    client.say('pop');
    await lost;
    await client.isClosed();
    expect(client.heard).toBe('');
    expect(heardByServer).toContain('pop');
    const next = await connect();
    next.say('pop');
    await next.hears('re:pop');
  });

  it('delays each direction', async () => {
    const client = await connect();
    client.say('fast');
    await client.hears('re:fast');
    proxy.delay(40);
    const before = performance.now();
    client.say('slow');
    await client.hears('re:slow');
    expect(performance.now() - before).toBeGreaterThanOrEqual(79);
  });

  it('closes with connections open, and twice', async () => {
    const client = await connect();
    await eventually(() => expect(proxy.size).toBe(1));
    await proxy.close();
    await proxy.close();
    await client.isClosed();
  });

  it('names itself in a URL', () => {
    expect(proxy.urlOf('redis://:secret@localhost:6379/2')).toBe(`redis://:secret@127.0.0.1:${proxy.port}/2`);
  });
});

class Client {
  heard = '';
  readonly errors: Error[] = [];

  constructor(readonly socket: Socket) {
    socket.on('data', (piece: Buffer) => (this.heard += piece.toString()));
    socket.on('error', (error) => this.errors.push(error));
  }

  say(text: string): void {
    this.socket.write(text);
  }

  async hears(text: string): Promise<void> {
    await eventually(() => expect(this.heard).toContain(text));
  }

  async isClosed(): Promise<void> {
    await eventually(() => expect(this.socket.destroyed).toBe(true));
  }
}
