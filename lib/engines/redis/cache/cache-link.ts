import { Command } from 'ioredis';
import type { LuaScript } from '../lua.js';
import type { RedisLink } from '../redis-link.js';
import type { Breaker } from './breaker.js';
import type { Group, Slots } from './slots.js';

/**
 * The connection as caches use it: no call waits for it, and none longer than the breaker allows. What is asked of many
 * keys is asked in as few commands as the server takes.
 */
export class CacheLink {
  constructor(
    private readonly link: RedisLink,
    private readonly breaker: Pick<Breaker, 'isOpen' | 'call'>,
    readonly slots: Slots,
  ) {}

  /** Whether a call would be sent. */
  get isUp(): boolean {
    return this.link.isReady && !this.breaker.isOpen;
  }

  /** The texts of keys that may travel together; `null` where there is none. */
  mget(keys: readonly string[]): Promise<readonly (string | null)[]> {
    return this.send('mget', keys) as Promise<readonly (string | null)[]>;
  }

  /** @throws EngineUnavailableError @throws EngineReplyError */
  send(name: string, args: readonly (string | number)[]): Promise<unknown> {
    return this.guarded(() =>
      this.link.command((redis) => {
        const command = new Command(name, args.map(String), { replyEncoding: 'utf8' });
        return redis.sendCommand(command) as Promise<unknown>;
      }),
    );
  }

  /** @throws EngineUnavailableError @throws EngineReplyError */
  run(script: LuaScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.guarded(() => this.link.run(script, keys, args));
  }

  /**
   * One answer for each item, in order.
   *
   * @param keys of each item one of its keys; all are in one slot
   * @param ask what answers the items at these indexes
   */
  async each<R>(
    keys: readonly string[],
    ask: (group: Group) => Promise<readonly R[]>,
  ): Promise<readonly R[]> {
    if (keys.length === 0) return [];
    const groups = this.slots.groups(keys);
    const [only] = groups;
    if (groups.length === 1 && only) return ask(only);
    const answers = await Promise.all(groups.map(ask));
    const inOrder: R[] = [];
    groups.forEach((group, at) => {
      group.forEach((item, index) => (inOrder[item] = answers[at]?.[index] as R));
    });
    return inOrder;
  }

  private guarded(send: () => Promise<unknown>): Promise<unknown> {
    if (!this.link.isReady) return Promise.reject(this.link.unreachable());
    return this.breaker.call(send);
  }
}
