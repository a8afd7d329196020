import type { LockHolder, LockState } from '../lock.store.js';

/** What so many of the servers agree on: who has the lock there. Times are those of the servers' clocks. */
export function agreedState(states: readonly LockState[], needed: number): LockState {
  const named = new Map<string, LockHolder[]>();
  for (const holder of states.flatMap(({ holders }) => holders)) {
    named.set(holder.owner, [...(named.get(holder.owner) ?? []), holder]);
  }
  const holders = [...named.values()]
    .filter(({ length }) => length >= needed)
    .map((same) => agreedHolder(same, needed))
    .sort((a, b) => a.token - b.token);
  return { holders, waiters: Math.max(...states.map(({ waiters }) => waiters)) };
}

/** It has the lock for as long as a majority says so. */
function agreedHolder(same: readonly LockHolder[], needed: number): LockHolder {
  const [first] = same;
  const ends = same.map(({ until }) => until).sort((a, b) => b - a);
  return {
    owner: first?.owner ?? '',
    permits: first?.permits ?? 0,
    token: Math.max(...same.map(({ token }) => token)),
    since: Math.min(...same.map(({ since }) => since)),
    until: ends[needed - 1] ?? 0,
  };
}
