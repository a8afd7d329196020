import { setTimeout as pause } from 'node:timers/promises';
import { monotonic, type Disturbance } from '../model/cache-history.js';
import type { TcpProxy } from '../support/proxy.js';
import { random } from '../support/random.js';
import type { LockFleet } from './lock-fleet.js';
import type { Death } from './lock-history.js';

/** How long the weather may be bad; from then on nothing more happens. */
export const BAD_MS = 2_500;
/** Longer than any ttl of the histories. */
const LONGEST_MS = 1_000;
const PAUSE_MS = 700;
const MOST_FAILURES = 5;
/** By how much each message is late, of some processes. */
const MOST_DELAYED_MS = 40;

/** What may happen, besides broken ways. */
export interface Climate {
  readonly kills: boolean;
  readonly restarts: boolean;
}

type Deed = (ways: readonly TcpProxy[], ms: number) => Promise<void>;

/** What happens to processes, to their connections and to Redis, by a seed. */
export class LockWeather {
  readonly deaths: Death[] = [];
  readonly disturbances: Disturbance[] = [];
  private readonly chance: ReturnType<typeof random>;
  /** By seat. */
  private readonly delays: readonly number[];
  private readonly deeds: readonly (readonly [how: string, deed: Deed])[] = [
    ['cut', async (ways) => ways.forEach((way) => way.cut())],
    [
      'refuse',
      async (ways, ms) => {
        ways.forEach((way) => way.refuse());
        await pause(ms);
      },
    ],
    [
      'blackhole',
      async (ways, ms) => {
        ways.forEach((way) => way.blackhole());
        await pause(ms);
      },
    ],
    ['lose a reply', async (ways, ms) => Promise.race([...ways.map((way) => way.dropReplies()), pause(ms)])],
  ];

  /** @param reborn is called with the seat of a process that was killed and replaced */
  constructor(
    private readonly fleet: LockFleet,
    seed: number,
    private readonly reborn: (seat: number) => Promise<void>,
  ) {
    this.chance = random(seed);
    this.delays = fleet.nodes.map(() => (this.chance.next() < 0.5 ? 0 : this.chance.below(MOST_DELAYED_MS)));
  }

  /** Bad weather for everybody, for as long as it may be, and then good one. */
  async pass({ kills, restarts }: Climate): Promise<void> {
    const until = monotonic() + BAD_MS;
    await Promise.all([
      ...this.fleet.nodes.map((_, seat) => this.disturb(seat, until)),
      ...(kills ? [this.kill(until)] : []),
      ...(restarts ? [this.restart(until)] : []),
    ]);
    this.fleet.nodes.forEach((_, seat) => this.clear(seat, 0));
  }

  private async disturb(seat: number, until: number): Promise<void> {
    this.clear(seat);
    for (;;) {
      await pause(this.chance.next() * PAUSE_MS);
      const leftMs = until - monotonic();
      if (leftMs <= 0) return;
      const ms = Math.min(leftMs, this.chance.next() * LONGEST_MS);
      const from = monotonic();
      const before = this.fleet.nodes[seat]?.who;
      const which = this.chance.next();
      const how = await (which < 0.3
        ? this.stop(seat, ms)
        : which < 0.4
          ? this.block(seat, ms)
          : this.breakWays(seat, ms));
      // The process may have been replaced meanwhile, and then both were disturbed.
      for (const who of new Set([before, this.fleet.nodes[seat]?.who])) {
        this.disturbances.push({ who, how, from, until: monotonic() });
      }
    }
  }

  private async stop(seat: number, ms: number): Promise<string> {
    const node = this.fleet.nodes[seat];
    node?.pause();
    await pause(ms);
    node?.resume();
    return 'stop';
  }

  private async block(seat: number, ms: number): Promise<string> {
    // It may be killed meanwhile.
    await this.fleet.nodes[seat]?.block(ms).catch(() => undefined);
    return 'block';
  }

  /** One of the two, or both. */
  private async breakWays(seat: number, ms: number): Promise<string> {
    const { link, feed } = this.fleet.waysOf(seat);
    const chosen = this.chance.below(3);
    const [how, deed] = this.deeds[this.chance.below(this.deeds.length)] ?? ['nothing', undefined];
    await deed?.([link, feed].slice(chosen === 1 ? 1 : 0, chosen === 0 ? 1 : 2), ms);
    this.clear(seat);
    return `${how}, ${['link', 'feed', 'both'][chosen] ?? ''}`;
  }

  private async kill(until: number): Promise<void> {
    await pause(this.chance.next() * (until - monotonic()) * 0.7);
    const seat = this.chance.below(this.fleet.nodes.length);
    const by = this.fleet.nodes[seat]?.who ?? -1;
    const at = monotonic();
    this.deaths.push({ by, at });
    await this.fleet.replace(seat);
    this.disturbances.push({ who: by, how: 'kill', from: at, until: monotonic() });
    await this.bear(seat);
  }

  /** An application that does not reach Redis when it starts fails, and whoever runs it tries once more. */
  private async bear(seat: number): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        await this.reborn(seat);
        return;
      } catch (error) {
        if (failures === MOST_FAILURES) throw error;
        await this.fleet.replace(seat);
      }
    }
  }

  private async restart(until: number): Promise<void> {
    await pause(this.chance.next() * (until - monotonic()) * 0.7);
    const from = monotonic();
    await this.fleet.redis.kill();
    await pause(this.chance.next() * LONGEST_MS * 0.5);
    await this.fleet.redis.start();
    this.disturbances.push({ who: undefined, how: 'restart of Redis', from, until: monotonic() });
  }

  private clear(seat: number, delayMs = this.delays[seat] ?? 0): void {
    const { link, feed } = this.fleet.waysOf(seat);
    for (const way of [link, feed]) {
      way.restore();
      if (delayMs > 0) way.delay(delayMs);
    }
  }
}
