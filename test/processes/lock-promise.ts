import type { Disturbance, Who } from '../model/cache-history.js';
import type { Attempt, Grant, History, Request, Write } from './lock-history.js';

/*
 * THE PROMISE, whatever the weather is.
 *
 * 1. As long as `held` says that a lock is held, it is: never do those who have a key take more of it than there is.
 * 2. No two grants of a key have the same token. One that was asked for after another was had has a greater one; and those
 *    that exclude each other have had them in the order of their tokens.
 * 3. What bears an old token is refused once a newer one was there, unless both only read.
 * 4. Every attempt ends: when its patience does, or soon after (BOUND_MS), not counting the time in which its process stood still.
 * 5. When all is well again everybody gets everything, within RECOVERED_MS.
 * 6. A lock that renews itself is not lost for nothing: something has disturbed its process, or all of them.
 * 7. Who waits is served in the order in which the server saw them come.
 */

/** Redis counts whole milliseconds, and so grants up to one less. */
export const ROUNDING_MS = 2;
/** So much longer than its patience an attempt takes at most: a command's time-out, the wait for a connection, and some more. */
export const BOUND_MS = 1_500;
/** A hand-over to somebody who is cut off lasts 3 seconds, and connections come back within that time. */
export const RECOVERED_MS = 6_000;
/** A process that was late by less has not lost a lock by that. */
const LATE_MS = 80;

export interface Broken {
  readonly rule: 'excluding' | 'tokens' | 'fencing' | 'ending' | 'recovering' | 'keeping' | 'order';
  readonly key: string;
  /** Where to look. */
  readonly at: number;
  readonly what: string;
}

export function judge(history: History): readonly Broken[] {
  const { grants, writes, requests } = history;
  return [
    ...each(grants, (ones) => tooMany(ones)),
    ...each(grants, (ones) => wrongTokens(ones)),
    ...each(writes, (ones) => wronglyAdmitted(ones)),
    ...each(requests, (ones) => outOfOrder(ones)),
    ...history.attempts.flatMap((attempt) => neverEnded(attempt, history)),
    ...grants.flatMap((grant) => lostForNothing(grant, history.disturbances)),
  ];
}

const brief = ({ by, token }: { readonly by: Who; readonly token: number }): string =>
  `process ${by} with token ${token}`;

/** Rule 1. */
function tooMany(grants: readonly Grant[]): Broken[] {
  const broken: Broken[] = [];
  let inside: Grant[] = [];
  for (const grant of [...grants].sort((a, b) => a.granted - b.granted)) {
    inside = inside.filter(({ heldUntil }) => heldUntil - ROUNDING_MS > grant.granted);
    inside.push(grant);
    const out = inside.reduce((sum, { permits }) => sum + permits, 0);
    if (out <= Math.max(...inside.map(({ limit }) => limit))) continue;
    const what = `held at once: ${inside.map((one) => `${brief(one)} (${one.permits} of ${one.limit})`).join(', ')}`;
    broken.push({ rule: 'excluding', key: grant.key, at: grant.granted, what });
  }
  return broken;
}

/** Rule 2. */
function wrongTokens(grants: readonly Grant[]): Broken[] {
  const byTime = [...grants].sort((a, b) => a.granted - b.granted);
  return byTime.flatMap((later, at) => {
    const wrong = byTime.slice(0, at).find((earlier) => {
      if (earlier.token === later.token) return true;
      const excluded = earlier.permits + later.permits > Math.max(earlier.limit, later.limit);
      return (excluded || earlier.granted < later.asked) && earlier.token > later.token;
    });
    if (!wrong) return [];
    const what = `${brief(later)} came after ${brief(wrong)}`;
    return [{ rule: 'tokens', key: later.key, at: later.granted, what } as const];
  });
}

/** Rule 3. */
function wronglyAdmitted(writes: readonly Write[]): Broken[] {
  let newest: Write | undefined;
  let newestWriter: Write | undefined;
  return writes.flatMap((write) => {
    if (!write.admitted || write.how === 'enter') return [];
    const bar = write.how === 'write' ? newest : newestWriter;
    if (bar && bar.token > write.token) {
      const what = `${brief(write)} was let through to ${write.how} after ${brief(bar)}`;
      return [{ rule: 'fencing', key: write.key, at: write.at, what } as const];
    }
    if (write.token >= (newest?.token ?? 0)) newest = write;
    if (write.how === 'write') newestWriter = write;
    return [];
  });
}

/** Rules 4 and 5. */
function neverEnded(attempt: Attempt, { deaths, disturbances }: History): Broken[] {
  const { by, keys, begun, ended, waitMs, outcome, last } = attempt;
  const key = keys.join(', ');
  const complain = (rule: Broken['rule'], what: string): Broken[] => [
    { rule, key, at: begun, what: `process ${by} wanted it for ${waitMs} ms and ${what}` },
  ];
  if (ended === undefined) {
    return deaths.some((death) => death.by === by) ? [] : complain('ending', 'was never answered');
  }
  const tookMs = ended - begun - stoodStill(by, begun, ended, disturbances);
  if (tookMs > waitMs + BOUND_MS) {
    return complain('ending', `was answered after ${Math.round(tookMs)} ms: ${outcome ?? ''}`);
  }
  if (!last || (outcome === 'granted' && ended - begun <= RECOVERED_MS)) return [];
  return complain(
    'recovering',
    `had ${outcome ?? ''} after ${Math.round(ended - begun)} ms, when all was well`,
  );
}

/** For how long of that time the process did not run. */
function stoodStill(by: Who, from: number, until: number, disturbances: readonly Disturbance[]): number {
  return disturbances
    .filter(({ who, how }) => how === 'late' && (who === undefined || who === by))
    .reduce((sum, span) => sum + Math.max(0, Math.min(until, span.until) - Math.max(from, span.from)), 0);
}

/** Rule 6. */
function lostForNothing(grant: Grant, disturbances: readonly Disturbance[]): Broken[] {
  const { by, renews, asked, lostAt, key } = grant;
  if (!renews || lostAt === undefined) return [];
  const disturbed = disturbances.some(
    ({ who, how, from, until }) =>
      (who === undefined || who === by) &&
      (how !== 'late' || until - from > LATE_MS) &&
      from < lostAt &&
      until + (how === 'late' ? 0 : RECOVERED_MS) > asked,
  );
  if (disturbed) return [];
  const what = `${brief(grant)} lost it although nothing had happened`;
  return [{ rule: 'keeping', key, at: lostAt, what }];
}

/** Rule 7. */
function outOfOrder(requests: readonly Request[]): Broken[] {
  const ordered = [...requests].sort((a, b) => a.place - b.place);
  return ordered.flatMap((later, at) => {
    const earlier = ordered[at - 1];
    if (!earlier || earlier.token < later.token) return [];
    const what = `${later.owner}, who came as number ${later.place}, was served before ${earlier.owner}, number ${earlier.place}`;
    return [{ rule: 'order', key: later.key, at: 0, what } as const];
  });
}

function each<T extends { readonly key: string }>(
  all: readonly T[],
  look: (ones: readonly T[]) => readonly Broken[],
): Broken[] {
  const byKey = new Map<string, T[]>();
  for (const one of all) {
    const ones = byKey.get(one.key);
    if (ones) ones.push(one);
    else byKey.set(one.key, [one]);
  }
  return [...byKey.values()].flatMap((ones) => [...look(ones)]);
}
