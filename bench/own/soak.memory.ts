import { setTimeout as pause } from 'node:timers/promises';
import type { RedisServer } from '../../test/support/redis-server.js';

/** Whose → bytes. */
export type Measured = Readonly<Record<string, number>>;

interface Heap {
  /** Bytes in use after a collection. */
  heapUsed(): Promise<number>;
}

/** A connection's buffers shrink after a while: the least of so many looks is what stays. */
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 100;
const MOST_GROWTH = 0.05;

/** The heaps of processes, and what Redis uses. */
export class Memory {
  constructor(
    private readonly heaps: Readonly<Record<string, Heap>>,
    private readonly redis: RedisServer | undefined,
  ) {}

  async measure(): Promise<Measured> {
    const least: Record<string, number> = {};
    for (let look = 0; look < LOOKS; look++) {
      for (const [name, bytes] of await this.look()) least[name] = Math.min(least[name] ?? Infinity, bytes);
      await pause(BETWEEN_LOOKS_MS);
    }
    return least;
  }

  /** What differs by more than it may, as text. */
  changed(before: Measured, after: Measured): string[] {
    return Object.entries(after).flatMap(([name, bytes]) => {
      const growth = bytes / (before[name] ?? NaN) - 1;
      return Math.abs(growth) <= MOST_GROWTH ? [] : [`${name} has changed by ${(growth * 100).toFixed(1)} %`];
    });
  }

  private async look(): Promise<(readonly [string, number])[]> {
    const heaps = Object.entries(this.heaps).map(
      async ([name, heap]) => [`heap of the ${name}`, await heap.heapUsed()] as const,
    );
    const all = await Promise.all(heaps);
    if (!this.redis) return all;
    const used = /^used_memory:(\d+)/m.exec(await this.redis.command('INFO memory'))?.[1];
    return [...all, ['Redis', Number(used)]];
  }
}
