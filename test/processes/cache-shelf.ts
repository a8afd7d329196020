import type { CacheService } from 'nestjs-depot';

/** A key of the random histories, and what may happen to it. */
export interface ShelfKey {
  /** Of the database and of histories; other than any other. */
  readonly id: string;
  readonly key: string;
  readonly space: 'cache' | 'namespace';
  /** Invalidating one of them is a write of the key. */
  readonly tags: readonly string[];
  /** Somebody stores plain text under it, which no tag, namespace or `clear` ever reaches. */
  readonly isForeign: boolean;
}

export const NAMESPACE = 'shelf';
export const TAGS = ['even', 'odd'] as const;

const numbered = (count: number, of: (number: number) => ShelfKey): ShelfKey[] =>
  Array.from({ length: count }, (_, number) => of(number));
const tag = (number: number): string => TAGS[number % 2] ?? '';

export const SHELF: readonly ShelfKey[] = [
  ...numbered(3, (number) => {
    const key = `plain:${number}`;
    return { id: key, key, space: 'cache', tags: [], isForeign: true };
  }),
  ...numbered(4, (number) => {
    const key = `tagged:${number}`;
    return { id: key, key, space: 'cache', tags: [tag(number)], isForeign: false };
  }),
  ...numbered(3, (number) => {
    const key = `book {${number}}`;
    return { id: `${NAMESPACE}/${key}`, key, space: 'namespace', tags: [tag(number)], isForeign: false };
  }),
];

/** What is stored: a version, and whose it is. */
export interface Shelved {
  readonly id: string;
  readonly version: number;
}

/** What the entry of a key is called on Redis (ARCHITECTURE.md). */
export function entryName(namespace: string, { key, space }: ShelfKey): string {
  const path = space === 'cache' ? 'default' : `default/${NAMESPACE}`;
  return `${namespace}:cache:${path}:{${key.replace(/[%{}]/g, encodeURIComponent)}}`;
}

/** Where a key is. A namespace is made anew each time, as applications do. */
export const spaceOf = (cache: CacheService, { space }: ShelfKey): CacheService =>
  space === 'cache' ? cache : cache.namespace(NAMESPACE);
