import type { KeyHash } from '../../cache/filter/filter.hash.js';
import type { FilterShape } from '../../cache/filter/filter.shape.js';

/** Bits that one call looks at or sets: some 1.5 ms in which Redis does nothing else. */
const BITS_PER_CALL = 2_000;

export interface FilterCall {
  /** Two for each key. */
  readonly args: readonly number[];
  /** Keys. */
  readonly count: number;
}

/** Arguments of as many calls as it takes not to hold Redis up with one. */
export function inCalls(hashes: readonly KeyHash[], shape: FilterShape): readonly FilterCall[] {
  const most = Math.max(1, Math.floor(BITS_PER_CALL / shape.hashes));
  const calls: FilterCall[] = [];
  for (let from = 0; from < hashes.length; from += most) {
    const part = hashes.slice(from, from + most);
    calls.push({ args: part.flatMap(({ first, second }) => [first, second]), count: part.length });
  }
  return calls;
}
