import { wholeNumber } from '../common/options.js';
import type { CacheFactory, GetOrSetOptions } from './cache.options.js';

/** A value to be made, as for `getOrSet`. */
export interface WarmEntry {
  readonly key: string;
  readonly factory: CacheFactory<unknown>;
  readonly options?: GetOrSetOptions;
}

export interface WarmOptions {
  /** Factories that run at the same time, 1 to 1,000. @default 8 */
  readonly concurrency?: number;
  /** Called after each entry. */
  readonly onProgress?: (progress: WarmUp) => void;
  /** When it aborts no more entries are begun. */
  readonly signal?: AbortSignal;
}

/** What has come of it so far. */
export interface WarmUp {
  readonly done: number;
  readonly failed: readonly { readonly key: string; readonly error: unknown }[];
}

interface Warmable {
  getOrSet(key: string, factory: CacheFactory<unknown>, options?: GetOrSetOptions): Promise<unknown>;
}

export async function warm(
  cache: Warmable,
  entries: Iterable<WarmEntry>,
  { concurrency = 8, onProgress, signal }: WarmOptions,
): Promise<WarmUp> {
  wholeNumber(concurrency, 1, 1_000, 'warm: concurrency');
  let done = 0;
  const failed: { key: string; error: unknown }[] = [];
  const rest = entries[Symbol.iterator]();
  let isOver = false;
  const work = async (): Promise<void> => {
    while (!isOver && !signal?.aborted) {
      const next = rest.next();
      if (next.done) return;
      const { key, factory, options } = next.value;
      try {
        await cache.getOrSet(key, factory, options);
        done++;
      } catch (error) {
        failed.push({ key, error });
      }
      onProgress?.({ done, failed: [...failed] });
    }
  };
  const ends = Array.from({ length: concurrency }, () =>
    work().catch((error: unknown) => {
      isOver = true;
      return { error };
    }),
  );
  const broken = (await Promise.all(ends)).find((end) => end !== undefined);
  rest.return?.();
  if (broken) throw broken.error;
  return { done, failed };
}
