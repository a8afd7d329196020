import { setTimeout as pause } from 'node:timers/promises';
import { CACHE_SWEEP } from '../scripts/cache-invalidate.lua.js';
import type { CacheLink } from './cache-link.js';
import type { SpaceKeys } from './cache-keys.js';

/** Keys that one step looks at. */
const STEP = 500;
/** Between steps, so that Redis gets round to everybody else. */
const PAUSE_MS = 2;

/** Goes through the keys of caches, a few at a time. */
export class Sweeper {
  private readonly closing = new AbortController();

  constructor(private readonly link: CacheLink) {}

  /** The names of entries, as they are found; some twice. `literal`: text that all begin with. */
  async *scan(...literals: readonly string[]): AsyncGenerator<readonly string[]> {
    for (const literal of literals) {
      let cursor = '0';
      do {
        const match = ['match', `${escapeGlob(literal)}*`, 'count', STEP];
        const reply = (await this.link.send('scan', [cursor, ...match])) as [string, string[]];
        cursor = reply[0];
        if (reply[1].length > 0) yield reply[1];
        if (cursor !== '0') await pause(PAUSE_MS, undefined, { signal: this.closing.signal, ref: false });
      } while (cursor !== '0');
    }
  }

  /** Removes what is left of entries that were stamped with an epoch which is gone. Never rejects. */
  async clear(space: SpaceKeys, epoch: string): Promise<void> {
    try {
      const within = `${space.epoch.slice(0, -1)}/`;
      for await (const found of this.scan(space.entryPrefix, within)) {
        await this.link.each(found, async (group) => {
          const keys = group.map((at) => found[at] ?? '').filter((key) => key !== '');
          return [await this.link.run(CACHE_SWEEP, keys, [epoch])];
        });
      }
    } catch {
      // They expire by themselves; until then nobody can read them.
    }
  }

  close(): void {
    this.closing.abort();
  }
}

const escapeGlob = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&');
