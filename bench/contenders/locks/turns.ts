/** One acquisition, in milliseconds by `process.hrtime`, which all processes of a machine share. */
export interface Turn {
  readonly requestedAt: number;
  readonly grantedAt: number;
  /** When `release` was called: from then on somebody else may have it. */
  readonly releasedAt: number;
}

export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Throws when two of them held the lock at the same time. */
export function exclusive(contender: string, turns: readonly Turn[]): void {
  const sorted = turns.toSorted((a, b) => a.grantedAt - b.grantedAt);
  sorted.slice(1).forEach((turn, at) => {
    const before = sorted[at];
    if (before === undefined || before.releasedAt <= turn.grantedAt) return;
    const ms = (before.releasedAt - turn.grantedAt).toFixed(3);
    throw new Error(`${contender} granted a lock ${ms} ms before its holder released it`);
  });
}

/** Milliseconds from the first request to the last release. */
export function lasted(turns: readonly Turn[]): number {
  return (
    Math.max(...turns.map(({ releasedAt }) => releasedAt)) -
    Math.min(...turns.map(({ requestedAt }) => requestedAt))
  );
}

/** Of all pairs, the share that was granted the other way round than it was requested: 0 in order, 0.5 at random. */
export function inversions(turns: readonly Turn[]): number {
  const sorted = turns.toSorted((a, b) => a.requestedAt - b.requestedAt);
  let inverted = 0;
  sorted.forEach((turn, at) => {
    inverted += sorted.slice(at + 1).filter(({ grantedAt }) => grantedAt < turn.grantedAt).length;
  });
  return inverted / ((turns.length * (turns.length - 1)) / 2);
}
