import { CACHE_RENEW } from '../scripts/cache-lease.lua.js';
import type { CacheLink } from './cache-link.js';

const RENEW_EVERY_MS = 600;

/** The leases that this process has: one timer renews all of them, while there are any. */
export class Leases {
  /** By key, with the token. */
  private readonly held = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly link: CacheLink) {}

  hold(lease: string, token: string): void {
    this.held.set(lease, token);
    this.timer ??= setInterval(() => void this.renew(), RENEW_EVERY_MS).unref();
  }

  /** It is about to end. */
  drop(lease: string, token: string): void {
    if (this.held.get(lease) === token) this.held.delete(lease);
    if (this.held.size === 0) this.stop();
  }

  /** All of them, which nobody renews any more. */
  takeAll(): readonly (readonly [lease: string, token: string])[] {
    const all = [...this.held];
    this.held.clear();
    this.stop();
    return all;
  }

  private async renew(): Promise<void> {
    const all = [...this.held];
    const renewed = this.link.each(
      all.map(([lease]) => lease),
      async (group) => {
        const keys = group.map((at) => all[at]?.[0] ?? '');
        const tokens = group.map((at) => all[at]?.[1] ?? '');
        await this.link.run(CACHE_RENEW, keys, tokens);
        return [];
      },
    );
    // Those that end because Redis is away are no loss: nothing could be stored.
    await renewed.catch(() => undefined);
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
