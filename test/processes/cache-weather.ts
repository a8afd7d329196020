import { setTimeout as pause } from 'node:timers/promises';
import { monotonic, type Disturbance, type Who } from '../model/cache-history.js';
import type { TcpProxy } from '../support/proxy.js';
import { random } from '../support/random.js';
import type { CacheFleet } from './cache-fleet.js';

/** How long the weather may be bad; from then on nothing more happens. */
export const BAD_MS = 1_000;
const LONGEST_MS = 700;
const PAUSE_MS = 500;
const MOST_DELAYED_MS = 10;

type Deed = (ways: readonly TcpProxy[], ms: number) => Promise<void>;

/** What happens to processes and to their connections, by a seed. */
export class Weather {
  /** By how much each message of a process is late. */
  readonly delays: readonly number[];
  private readonly disturbances: Disturbance[] = [];
  private readonly chance: ReturnType<typeof random>;
  private readonly deeds: Readonly<Record<string, Deed>> = {
    cut: async (ways) => ways.forEach((way) => way.cut()),
    refuse: async (ways, ms) => {
      ways.forEach((way) => way.refuse());
      await pause(ms);
    },
    blackhole: async (ways, ms) => {
      ways.forEach((way) => way.blackhole());
      await pause(ms);
    },
    'lose a reply': async (ways, ms) => {
      await Promise.race([...ways.map((way) => way.dropReplies()), pause(ms)]);
    },
  };

  constructor(
    private readonly fleet: CacheFleet,
    seed: number,
  ) {
    this.chance = random(seed);
    this.delays = fleet.nodes.map(() => Math.round(this.chance.next() * MOST_DELAYED_MS));
    fleet.nodes.forEach(({ who }) => this.clear(who));
  }

  /** Bad weather for everybody, for as long as it may be, and then good one. Returns what happened. */
  async pass(): Promise<readonly Disturbance[]> {
    await Promise.all(this.fleet.nodes.map(({ who }) => this.disturb(who)));
    return this.disturbances;
  }

  private async disturb(who: Who): Promise<void> {
    const until = monotonic() + BAD_MS;
    for (;;) {
      await pause(this.chance.next() * PAUSE_MS);
      const left = until - monotonic();
      if (left <= 0) return;
      const ms = Math.min(left, this.chance.next() * LONGEST_MS);
      const from = monotonic();
      const how = await (this.chance.next() < 0.2 ? this.stop(who, ms) : this.breakWays(who, ms));
      this.disturbances.push({ who, how, from, until: monotonic() });
    }
  }

  private async stop(who: Who, ms: number): Promise<string> {
    const node = this.fleet.nodes[who];
    node?.pause();
    await pause(ms);
    node?.resume();
    return 'stop';
  }

  /** One of the two, or both. */
  private async breakWays(who: Who, ms: number): Promise<string> {
    const { link, feed } = this.waysOf(who);
    const chosen = this.chance.below(3);
    const names = Object.keys(this.deeds);
    const how = names[this.chance.below(names.length)] ?? '';
    await this.deeds[how]?.([link, feed].slice(chosen === 1 ? 1 : 0, chosen === 0 ? 1 : 2), ms);
    this.clear(who);
    return `${how}, ${['link', 'feed', 'both'][chosen] ?? ''}`;
  }

  private clear(who: Who): void {
    const { link, feed } = this.waysOf(who);
    for (const way of [link, feed]) {
      way.restore();
      way.delay(this.delays[who] ?? 0);
    }
  }

  private waysOf(who: Who): CacheFleet['ways'][number] {
    const ways = this.fleet.ways[who];
    if (!ways) throw new Error(`there is no process ${who}`);
    return ways;
  }
}
