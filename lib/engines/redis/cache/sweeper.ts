import { setTimeout as pause } from 'node:timers/promises';
import { CACHE_SWEEP } from '../scripts/cache-invalidate.lua.js';
import type { CacheLink } from './cache-link.js';
import { pick } from './cache-parts.js';

/** Keys that one step looks at. */
const STEP = 500;
/** Between steps, so that Redis gets round to everybody else. */
const PAUSE_MS = 2;
/** What is invalidated within that time is cleared away together. */
const GATHER_MS = 100;
const MOST_EPOCHS = 100;
/** A pass goes through all keys of Redis: who invalidates all the time has it working on that for a tenth of the time. */
const REST_AFTER_PASS = 9;

/** Goes through the keys of caches, a few at a time. */
export class Sweeper {
  private readonly closing = new AbortController();

  /** Epochs that nothing is valid with any more. */
  private readonly gone = new Set<string>();
  private sweeping: Promise<void> | undefined;
  /** Until then the next pass waits, by `performance.now()`. */
  private restsUntil = 0;

  /** @param prefix of all caches */
  constructor(
    private readonly link: CacheLink,
    private readonly prefix: string,
  ) {}

  /** The names of entries, as they are found; some twice. `literal`: text that all begin with. */
  async *scan(...literals: readonly string[]): AsyncGenerator<readonly string[]> {
    for (const literal of literals) {
      let cursor = '0';
      do {
        const match = ['match', `${escapeGlob(literal)}*`, 'count', STEP];
        const reply = (await this.link.send('scan', [cursor, ...match])) as [string, string[]];
        cursor = reply[0];
        if (reply[1].length > 0) yield reply[1];
        if (cursor !== '0') await this.pause(PAUSE_MS);
      } while (cursor !== '0');
    }
  }

  /** Removes what is left of entries that were stamped with an epoch which is gone, by and by. */
  clear(epoch: string): void {
    // What is too much for one pass expires by itself; nobody can read it until then.
    if (this.gone.size < MOST_EPOCHS) this.gone.add(epoch);
    this.sweeping ??= this.sweep().finally(() => (this.sweeping = undefined));
  }

  close(): void {
    this.closing.abort();
  }

  /** One pass at a time, for all that were invalidated by then. */
  private async sweep(): Promise<void> {
    try {
      while (this.gone.size > 0) {
        await this.pause(Math.max(GATHER_MS, this.restsUntil - performance.now()));
        const begun = performance.now();
        const epochs = [...this.gone];
        this.gone.clear();
        for await (const found of this.scan(this.prefix)) {
          await this.link.each(found, async (group) => {
            await this.link.run(CACHE_SWEEP, pick(found, group), epochs);
            return [];
          });
        }
        this.restsUntil = performance.now() + (performance.now() - begun) * REST_AFTER_PASS;
      }
    } catch {
      // Closed, or Redis is away.
      this.gone.clear();
    }
  }

  private pause(ms: number): Promise<void> {
    return pause(ms, undefined, { signal: this.closing.signal, ref: false });
  }
}

const escapeGlob = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&');
