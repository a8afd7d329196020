import type { LockOptions } from 'nestjs-depot';
import type { Write } from './lock-history.js';

/* The keys of the random histories, each of them always locked in the same manner. */

/** One at a time, and sometimes two or all of them together. */
export const TILLS = ['till:0', 'till:1', 'till:2'] as const;
/** Readers and writers. */
export const BOOK = 'book {1}';
/** At most `SEATS` at a time. */
export const DESK = 'desk';
const SEATS = 3;

const ALL = 1_000_000;

/** How a key is wanted. */
export interface Wish {
  readonly keys: readonly string[];
  readonly how: Write['how'];
  /** As the library is told. */
  readonly options: Pick<LockOptions, 'mode' | 'permits' | 'take'>;
  /** As it is judged. */
  readonly permits: number;
  readonly limit: number;
}

export const alone = (...keys: string[]): Wish => ({
  ...{ keys, how: 'write', options: {}, permits: ALL, limit: ALL },
});

export const READING: Wish = {
  ...{ keys: [BOOK], how: 'read', options: { mode: 'read' }, permits: 1, limit: ALL },
};

export const WRITING: Wish = { ...alone(BOOK), options: { mode: 'write' } };

export const seated = (take: number): Wish => ({
  ...{ keys: [DESK], how: 'enter', options: { permits: SEATS, take }, permits: take, limit: SEATS },
});

/** Everything that there is, for whoever wants to know whether he gets it. */
export const EVERYTHING: readonly Wish[] = [...TILLS.map((till) => alone(till)), WRITING, seated(SEATS)];
