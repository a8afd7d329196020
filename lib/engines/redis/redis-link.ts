import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { Redis, ReplyError, type RedisOptions } from 'ioredis';
import { EngineClosedError, EngineReplyError, EngineUnavailableError, toError } from '../../common/errors.js';
import { NOW, SERVER_TIME, type LuaScript } from './lua.js';
import { ScriptCall } from './script-call.js';

export interface LinkSettings {
  /** How to connect; a function, since every link is a connection of its own. */
  readonly connect: (overrides: RedisOptions) => Redis;
  readonly connectTimeoutMs: number;
  /** A command that takes longer has an unknown outcome: the socket is destroyed. 0: no limit (blocking commands). */
  readonly commandTimeoutMs: number;
  /** How long a command waits for a connection that is down. 0: it fails at once. */
  readonly waitMs: number;
  /** Lua that sets `local now`. @default the server's TIME */
  readonly now?: string;
}

interface LoadedScript {
  readonly lua: string;
  readonly digest: string;
}

/** Answers that say: not now, not here, nothing was done. They heal like a broken connection. */
const PASSING = /^(READONLY|LOADING|UNBLOCKED|MASTERDOWN|TRYAGAIN|CLUSTERDOWN|NOREPLICAS)\b/;

/** Answers to the log-in that no repeat will change. */
const REFUSED = /^(WRONGPASS|NOAUTH|NOPERM|ERR .*AUTH|ERR DB index)/;

/**
 * One connection to Redis that never repeats a command by itself and never waits without a bound. A command whose
 * answer did not come may or may not have run; only the caller knows what to do about it (docs/protocol.md: A1, B5).
 */
export class RedisLink {
  readonly redis: Redis;
  private readonly scripts = new Map<LuaScript, LoadedScript>();
  /** Whose text the server has had by the present connection. */
  private readonly sent = new Set<LuaScript>();
  private lastError: Error | undefined;
  private closed = false;
  private state: 'new' | 'up' | 'down' = 'new';
  /** Calls that wait for the connection. */
  private readonly waiting = new Set<(ready: boolean) => void>();
  private readonly downListeners: (() => void)[] = [];
  private readonly backListeners: (() => void)[] = [];

  constructor(private readonly settings: LinkSettings) {
    this.redis = settings.connect({
      lazyConnect: true,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      enableReadyCheck: true,
      connectTimeout: settings.connectTimeoutMs,
      // How long a peer that is gone may keep this process alive when it closes.
      disconnectTimeout: 200,
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2_000) * (0.75 + Math.random() / 2),
      // After a fail-over the old master stays connected and refuses writes for ever; only a new connection helps.
      reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 1 : false),
      ...(settings.commandTimeoutMs > 0 && { socketTimeout: settings.commandTimeoutMs }),
    });
    this.redis.on('error', (error: Error) => {
      this.lastError = error;
      if (REFUSED.test(error.message)) this.settleAll(false);
    });
    this.redis.on('ready', () => {
      this.lastError = undefined;
      this.settleAll(true);
      const back = this.state === 'down';
      this.state = 'up';
      if (back) this.backListeners.forEach((listener) => listener());
    });
    // Every attempt to reconnect closes a socket, too; only the first one is news.
    this.redis.on('close', () => {
      this.sent.clear();
      if (this.state !== 'up' || this.closed) return;
      this.state = 'down';
      this.downListeners.forEach((listener) => listener());
    });
  }

  /** @throws EngineUnavailableError naming host and port when there is no connection within the connect time-out */
  open(): Promise<void> {
    return this.ready(this.settings.connectTimeoutMs);
  }

  get isReady(): boolean {
    return this.redis.status === 'ready';
  }

  /** Why there is no connection, to be thrown by who does not wait for one. */
  unreachable(): EngineUnavailableError {
    if (this.closed) return new EngineClosedError(`The connection to ${this.target} is closed`);
    const reason = this.lastError ? `: ${this.lastError.message}` : '';
    return new EngineUnavailableError(`Can't reach ${this.target}${reason}`, { cause: this.lastError });
  }

  /** What the connection has done so far: bytes that have come, and bytes that wait to be sent. */
  get progress(): { readonly read: number; readonly backlog: number } {
    const stream = this.redis.stream as Socket | undefined;
    return { read: stream?.bytesRead ?? 0, backlog: stream?.writableLength ?? 0 };
  }

  /** Calls back when the connection was lost and is there again. */
  onBack(listener: () => void): void {
    this.backListeners.push(listener);
  }

  /** Calls back when the connection is lost. */
  onDown(listener: () => void): void {
    this.downListeners.push(listener);
  }

  /**
   * @throws EngineUnavailableError when the answer did not come; the script may or may not have run
   * @throws EngineReplyError when Redis refused it
   */
  run(script: LuaScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    if (!this.isReady || !this.sent.has(script)) {
      return this.command((redis) => this.sendWhole(redis, script, keys, args));
    }
    const texts = textsOf(this.loaded(script).digest, keys, args);
    const sent = this.redis.sendCommand(new ScriptCall('evalsha', texts)) as Promise<unknown>;
    return sent.catch((thrown: unknown) => {
      const error = toError(thrown);
      // Somebody has flushed the server's scripts; nothing was done.
      if (error.message.startsWith('NOSCRIPT')) {
        return this.command((redis) => this.sendWhole(redis, script, keys, args));
      }
      throw this.translate(error);
    });
  }

  /** Plain commands, with the same errors as `run`. */
  async command<T>(send: (redis: Redis) => Promise<T>): Promise<T> {
    if (!this.isReady) await this.ready(this.settings.waitMs);
    try {
      return await send(this.redis);
    } catch (thrown) {
      throw this.translate(toError(thrown));
    }
  }

  close(): void {
    this.closed = true;
    this.redis.disconnect();
    this.settleAll(false);
  }

  /** Where this connection goes, without its password. */
  get target(): string {
    const { host = 'localhost', port = 6379, path, db = 0 } = this.redis.options;
    return `Redis at ${path ?? `${host}:${port}`}${db > 0 ? `, database ${db}` : ''}`;
  }

  private sendWhole(
    redis: Redis,
    script: LuaScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    this.sent.add(script);
    const texts = textsOf(this.loaded(script).lua, keys, args);
    return redis.sendCommand(new ScriptCall('eval', texts)) as Promise<unknown>;
  }

  private loaded(script: LuaScript): LoadedScript {
    let loaded = this.scripts.get(script);
    if (!loaded) {
      const lua = script.lua.replace(NOW, () => this.settings.now ?? SERVER_TIME);
      loaded = { lua, digest: createHash('sha1').update(lua).digest('hex') };
      this.scripts.set(script, loaded);
    }
    return loaded;
  }

  private async ready(withinMs: number): Promise<void> {
    if (this.isReady) return;
    if (this.closed) throw this.unreachable();
    let patienceMs = withinMs;
    if (this.redis.status === 'wait') {
      this.redis.connect().catch((error: unknown) => (this.lastError ??= toError(error)));
      patienceMs = this.settings.connectTimeoutMs;
    }
    if (patienceMs > 0 && (await this.becomesReady(patienceMs))) return;
    throw this.unreachable();
  }

  private becomesReady(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (ready: boolean): void => {
        clearTimeout(timer);
        this.waiting.delete(settle);
        resolve(ready);
      };
      const timer = setTimeout(() => settle(false), withinMs);
      this.waiting.add(settle);
    });
  }

  private settleAll(ready: boolean): void {
    for (const settle of [...this.waiting]) settle(ready);
  }

  private translate(error: Error): Error {
    if (error instanceof ReplyError && !PASSING.test(error.message)) {
      return new EngineReplyError(`${this.target} refused: ${error.message}`, { cause: error });
    }
    return new EngineUnavailableError(
      `No answer from ${this.target}: ${this.lastError?.message ?? error.message}`,
      {
        cause: error,
      },
    );
  }
}

/** What follows the name of the command. */
function textsOf(script: string, keys: readonly string[], args: readonly (string | number)[]): string[] {
  const texts = [script, String(keys.length), ...keys];
  for (const arg of args) texts.push(String(arg));
  return texts;
}
