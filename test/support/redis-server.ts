import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { killWhenOrphaned } from './orphan-guard.js';
import { redisBinary } from './redis-binary.js';
import { RespConnection } from './resp-connection.js';

export interface RedisServerOptions {
  readonly password?: string;
  /** As Redis takes it, for example `'20mb'`. */
  readonly maxmemory?: string;
  /** Further arguments of redis-server, for example `['--maxmemory-policy', 'noeviction']`. */
  readonly args?: readonly string[];
}

const START_TIMEOUT_MS = 10_000;
const PORT_ATTEMPTS = 5;

/** Starts a Redis of one's own on a free port of 127.0.0.1 and on a unix socket, and waits until it answers. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const server = new RedisServer(await freePort(), options);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.stop();
      // Between finding a port and listening on it another process may have taken it.
      if (attempt === PORT_ATTEMPTS || !String(error).includes('Address already in use')) throw error;
    }
  }
}

/** A redis-server child that ends with this process, however that ends. */
export class RedisServer implements AsyncDisposable {
  readonly socket: string;
  readonly url: string;
  private readonly directory = mkdtempSync(join(tmpdir(), 'depot-redis-'));
  private child: ChildProcess | undefined;
  private output = '';

  constructor(
    readonly port: number,
    private readonly options: RedisServerOptions,
  ) {
    this.socket = join(this.directory, 'redis.sock');
    const login = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
    this.url = `redis://${login}127.0.0.1:${port}`;
  }

  /** The process id; throws when the server is not running. */
  get pid(): number {
    if (this.child?.pid === undefined) throw new Error(`the Redis on port ${this.port} is not running`);
    return this.child.pid;
  }

  /** Starts it; nothing happens when it runs. After `kill` it comes back empty, unless `args` turned persistence on. */
  async start(): Promise<void> {
    if (this.child !== undefined) return;
    this.output = '';
    const child = spawn(redisBinary(), this.arguments(), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    child.stdout.on('data', (text: Buffer) => (this.output += text.toString()));
    child.stderr.on('data', (text: Buffer) => (this.output += text.toString()));
    const callOff = child.pid === undefined ? undefined : killWhenOrphaned(child.pid, this.directory);
    const ended = (): void => {
      callOff?.();
      if (this.child === child) this.child = undefined;
    };
    child.once('close', ended);
    child.once('error', ended);
    await this.answers();
  }

  /** Ends it and removes its directory. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Ends it as a crash would: nothing is saved, connections are reset. */
  async kill(): Promise<void> {
    const child = this.child;
    if (child === undefined) return;
    const ended = once(child, 'close');
    // A paused process obeys SIGKILL, and only that.
    child.kill('SIGKILL');
    await ended;
  }

  /** Stops it in its tracks: sockets stay open and nothing answers, as on a machine that hangs. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Ends it and starts it again on the same port. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /**
   * Sends one inline command, such as `'CLIENT LIST'`, on a connection of its own, and returns the reply's text.
   * For replies of one value; an error reply is thrown.
   */
  async command(line: string): Promise<string> {
    const connection = await RespConnection.open(this.port);
    try {
      const { password } = this.options;
      if (password !== undefined) await connection.send(`AUTH ${password}`);
      return await connection.send(line);
    } finally {
      connection.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private arguments(): string[] {
    const { password, maxmemory, args = [] } = this.options;
    return [
      ...['--bind', '127.0.0.1', '--port', String(this.port), '--unixsocket', this.socket],
      ...['--save', '', '--appendonly', 'no', '--dir', this.directory],
      ...(password === undefined ? [] : ['--requirepass', password]),
      ...(maxmemory === undefined ? [] : ['--maxmemory', maxmemory]),
      ...args,
    ];
  }

  private async answers(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (this.child !== undefined && performance.now() < deadline) {
      const reply = await this.command('PING').catch(() => '');
      if (reply === 'PONG') return;
      await pause(5);
    }
    const how = this.child === undefined ? 'ended' : `did not answer within ${START_TIMEOUT_MS} ms`;
    throw new Error(`the Redis on port ${this.port} ${how}:\n${this.output}`);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
