import { setTimeout as pause } from 'node:timers/promises';
import { monotonic, type Disturbance, type Who } from '../model/cache-history.js';
import { random } from '../support/random.js';
import type { CacheFleet } from './cache-fleet.js';
import { connectionName } from './cache-node.messages.js';

/** How long the weather may be bad; from then on nothing more happens. */
export const BAD_MS = 1_000;
const LONGEST_MS = 700;
const MOST_DELAYED_MS = 10;

type Deed = (who: Who, ms: number) => Promise<void>;

/** What happens to processes and to their connections, by a seed. */
export class Weather {
  readonly delays: readonly number[];
  private readonly disturbances: Disturbance[] = [];
  private readonly chance: ReturnType<typeof random>;
  private readonly deeds: Readonly<Record<string, Deed>> = {
    cut: async (who) => this.way(who).cut(),
    refuse: async (who, ms) => {
      this.way(who).refuse();
      await this.passes(who, ms);
    },
    blackhole: async (who, ms) => {
      this.way(who).blackhole();
      await this.passes(who, ms);
    },
    'lose a reply': async (who, ms) => {
      await Promise.race([this.way(who).dropReplies(), pause(ms)]);
      await this.passes(who, 0);
    },
    stop: async (who, ms) => {
      const node = this.fleet.nodes[who];
      node?.pause();
      await pause(ms);
      node?.resume();
    },
    'kill the feed': (who) => this.killConnections(who, true),
    'kill the link': (who) => this.killConnections(who, false),
  };

  constructor(
    private readonly fleet: CacheFleet,
    seed: number,
  ) {
    this.chance = random(seed);
    this.delays = fleet.nodes.map(() => Math.round(this.chance.next() * MOST_DELAYED_MS));
    this.delays.forEach((_, who) => this.settle(who));
  }

  /** Bad weather for everybody, for as long as it may be, and then good one. Returns what happened. */
  async pass(): Promise<readonly Disturbance[]> {
    await Promise.all(this.fleet.nodes.map(({ who }) => this.disturb(who)));
    return this.disturbances;
  }

  private async disturb(who: Who): Promise<void> {
    const names = Object.keys(this.deeds);
    const until = monotonic() + BAD_MS;
    for (;;) {
      await pause(this.chance.next() * 600);
      const left = until - monotonic();
      if (left <= 0) return;
      const how = names[this.chance.below(names.length)] ?? '';
      const from = monotonic();
      await this.deeds[how]?.(who, Math.min(left, this.chance.next() * LONGEST_MS));
      this.disturbances.push({ who, how, from, until: monotonic() });
    }
  }

  private way(who: Who): CacheFleet['ways'][number] {
    const way = this.fleet.ways[who];
    if (!way) throw new Error(`there is no process ${who}`);
    return way;
  }

  private async passes(who: Who, ms: number): Promise<void> {
    await pause(ms);
    this.way(who).restore();
    this.settle(who);
  }

  private settle(who: Who): void {
    this.way(who).delay(this.delays[who] ?? 0);
  }

  /** Redis closes connections of the process: those that subscribe, or the others. */
  private async killConnections(who: Who, subscribed: boolean): Promise<void> {
    const clients = (await this.fleet.redis.command('CLIENT LIST')).split('\n');
    const own = clients.filter((line) => line.includes(` name=${connectionName(who)} `));
    for (const line of own) {
      const id = /^id=(\d+)/.exec(line)?.[1];
      if (/ sub=0 /.test(line) === subscribed || id === undefined) continue;
      // It may have gone by itself.
      await this.fleet.redis.command(`CLIENT KILL ID ${id}`).catch(() => undefined);
    }
  }
}
