import { describe, expect, it } from '@jest/globals';
import type { Disturbance } from '../model/cache-history.js';
import type { Attempt, Grant, History, Request, Write } from './lock-history.js';
import { BOUND_MS, judge, RECOVERED_MS, ROUNDING_MS } from './lock-promise.js';

const KEY = 'key';
const ALL = 1_000_000;
const SEATS = { permits: 1, limit: 2 };
const READER = { permits: 1, limit: ALL };

/** Process `by` had it from then until then, alone. */
const grant = (
  by: number,
  token: number,
  granted: number,
  heldUntil: number,
  more: Partial<Grant> = {},
): Grant => ({
  ...{ by, key: KEY, owner: `owner ${token}`, token, permits: ALL, limit: ALL, ttlMs: 500, renews: true },
  ...{ asked: granted - 5, granted, heldUntil, lostAt: undefined },
  ...more,
});

const write = (token: number, more: Partial<Write> = {}): Write => ({
  ...{ by: 1, key: KEY, owner: `owner ${token}`, token, how: 'write', at: 0, admitted: true },
  ...more,
});

const attempt = (waitMs: number, tookMs: number | undefined, more: Partial<Attempt> = {}): Attempt => ({
  ...{ by: 1, keys: [KEY], waitMs, begun: 1_000, last: false, outcome: 'granted' },
  ended: tookMs === undefined ? undefined : 1_000 + tookMs,
  ...more,
});

const request = (place: number, token: number, key = KEY): Request => ({
  key,
  owner: `owner ${token}`,
  place,
  token,
});

const disturbance = (who: number | undefined, how: string, from: number, until: number): Disturbance => ({
  ...{ who, how, from, until },
});

/** Which rules are broken. */
const broken = (history: Partial<History>): string[] =>
  judge({
    ...{ attempts: [], grants: [], writes: [], requests: [], deaths: [], mishaps: [], disturbances: [] },
    ...history,
  }).map(({ rule }) => rule);

describe('what is judged of those who have a lock', () => {
  it('two who exclude each other never have it at once', () => {
    expect(broken({ grants: [grant(1, 1, 100, 150), grant(2, 2, 160, 200)] })).toEqual([]);
    expect(broken({ grants: [grant(1, 1, 100, 170), grant(2, 2, 160, 200)] })).toEqual(['excluding']);
    expect(broken({ grants: [grant(2, 2, 160, 160), grant(1, 1, 100, 170)] })).toEqual(['excluding']);
  });

  it('nor within one process, and other keys are none of their business', () => {
    expect(broken({ grants: [grant(1, 1, 100, 170), grant(1, 2, 160, 200)] })).toEqual(['excluding']);
    expect(broken({ grants: [grant(1, 1, 100, 170), grant(2, 2, 160, 200, { key: 'other' })] })).toEqual([]);
  });

  it('what Redis rounds is no violation', () => {
    expect(broken({ grants: [grant(1, 1, 100, 160 + ROUNDING_MS), grant(2, 2, 160, 200)] })).toEqual([]);
    expect(broken({ grants: [grant(1, 1, 100, 160.1 + ROUNDING_MS), grant(2, 2, 160, 200)] })).toEqual([
      'excluding',
    ]);
  });

  it('a lock that was known to be held until somebody froze may be had by another one from then on', () => {
    const frozen = grant(1, 1, 100, 120, { lostAt: 900 });
    const stop = disturbance(1, 'stop', 121, 890);
    expect(broken({ grants: [frozen, grant(2, 2, 650, 700)], disturbances: [stop] })).toEqual([]);
    expect(
      broken({ grants: [{ ...frozen, heldUntil: 880 }, grant(2, 2, 650, 700)], disturbances: [stop] }),
    ).toEqual(['excluding']);
  });

  it('readers have it together, but not with a writer', () => {
    const readers = [grant(1, 1, 100, 200, READER), grant(2, 2, 110, 200, READER)];
    expect(broken({ grants: readers })).toEqual([]);
    expect(broken({ grants: [...readers, grant(3, 3, 150, 160)] })).toEqual(['excluding']);
    expect(
      broken({ grants: [grant(3, 3, 90, 105), ...readers.map((one) => ({ ...one, token: one.token + 3 }))] }),
    ).toEqual(['excluding']);
  });

  it('a semaphore lets in as many as it has permits', () => {
    const two = [grant(1, 1, 100, 200, SEATS), grant(2, 2, 110, 200, SEATS)];
    expect(broken({ grants: two })).toEqual([]);
    expect(broken({ grants: [...two, grant(3, 3, 120, 130, SEATS)] })).toEqual(['excluding']);
    expect(broken({ grants: [...two, grant(3, 3, 210, 230, SEATS)] })).toEqual([]);
    expect(
      broken({ grants: [grant(1, 1, 100, 200, { permits: 2, limit: 2 }), grant(2, 2, 110, 120, SEATS)] }),
    ).toEqual(['excluding']);
  });

  it('who renews it does not lose it unless something has happened', () => {
    const lost = grant(1, 1, 1_000, 1_100, { lostAt: 1_200 });
    const stop = (who: number | undefined, from: number): object => ({
      disturbances: [disturbance(who, 'stop', from, from + 50)],
    });
    expect(broken({ grants: [lost] })).toEqual(['keeping']);
    expect(broken({ grants: [{ ...lost, renews: false }] })).toEqual([]);
    expect(broken({ grants: [lost], ...stop(1, 1_110) })).toEqual([]);
    expect(broken({ grants: [lost], ...stop(undefined, 1_110) })).toEqual([]);
    expect(broken({ grants: [lost], ...stop(2, 1_110) })).toEqual(['keeping']);
    expect(broken({ grants: [lost], ...stop(1, 1_201) })).toEqual(['keeping']);
    expect(broken({ grants: [lost], disturbances: [disturbance(1, 'late', 1_100, 1_120)] })).toEqual([
      'keeping',
    ]);
  });
});

describe('what is judged of tokens', () => {
  it('no two have the same', () => {
    expect(broken({ grants: [grant(1, 7, 100, 150), grant(2, 7, 160, 200)] })).toEqual(['tokens']);
    expect(broken({ grants: [grant(1, 7, 100, 150, READER), grant(2, 7, 100, 150, READER)] })).toEqual([
      'tokens',
    ]);
    expect(broken({ grants: [grant(1, 7, 100, 150), grant(2, 7, 160, 200, { key: 'other' })] })).toEqual([]);
  });

  it('who has it later has a greater one', () => {
    expect(broken({ grants: [grant(1, 8, 100, 150), grant(2, 7, 160, 200)] })).toEqual(['tokens']);
    expect(broken({ grants: [grant(1, 8, 100, 110, READER), grant(2, 7, 160, 200, READER)] })).toEqual([
      'tokens',
    ]);
  });

  it('those who may have it together, and asked together, were granted it in any order', () => {
    const late = grant(2, 7, 160, 200, { ...READER, asked: 90 });
    expect(broken({ grants: [grant(1, 8, 100, 190, READER), late] })).toEqual([]);
  });
});

describe('what is judged of the resource', () => {
  it('who has lost the lock is refused once the next one was there', () => {
    expect(broken({ writes: [write(1), write(1), write(2), write(1, { admitted: false })] })).toEqual([]);
    expect(broken({ writes: [write(1), write(2), write(1)] })).toEqual(['fencing']);
    expect(broken({ writes: [write(2), write(1, { key: 'other' })] })).toEqual([]);
  });

  it('readers do not exclude each other, and writers do', () => {
    const read = (token: number): Write => write(token, { how: 'read' });
    expect(broken({ writes: [write(1), read(3), read(2), write(4)] })).toEqual([]);
    expect(broken({ writes: [read(1), write(2), read(1)] })).toEqual(['fencing']);
    expect(broken({ writes: [write(1), read(3), read(2), write(1)] })).toEqual(['fencing']);
  });

  it('those who share a semaphore are in no order', () => {
    expect(broken({ writes: [write(2, { how: 'enter' }), write(1, { how: 'enter' })] })).toEqual([]);
  });
});

describe('what is judged of those who want a lock', () => {
  it('everybody is answered in time', () => {
    expect(broken({ attempts: [attempt(100, 100 + BOUND_MS)] })).toEqual([]);
    expect(broken({ attempts: [attempt(100, 101 + BOUND_MS)] })).toEqual(['ending']);
    expect(broken({ attempts: [attempt(100, undefined)] })).toEqual(['ending']);
  });

  it('unless his process stood still or is dead', () => {
    const late = attempt(100, 301 + BOUND_MS);
    expect(broken({ attempts: [late], disturbances: [disturbance(1, 'late', 900, 1_201)] })).toEqual([]);
    expect(broken({ attempts: [late], disturbances: [disturbance(1, 'late', 900, 1_200)] })).toEqual([
      'ending',
    ]);
    expect(broken({ attempts: [late], disturbances: [disturbance(2, 'late', 900, 1_201)] })).toEqual([
      'ending',
    ]);
    expect(broken({ attempts: [attempt(100, undefined)], deaths: [{ by: 1, at: 1_010 }] })).toEqual([]);
    expect(broken({ attempts: [attempt(100, undefined)], deaths: [{ by: 2, at: 1_010 }] })).toEqual([
      'ending',
    ]);
  });

  it('when all is well again everybody gets everything', () => {
    const last = { last: true };
    expect(broken({ attempts: [attempt(9_999, RECOVERED_MS, last)] })).toEqual([]);
    expect(broken({ attempts: [attempt(9_999, RECOVERED_MS + 1, last)] })).toEqual(['recovering']);
    expect(broken({ attempts: [attempt(9_999, 10, { ...last, outcome: 'timed out' })] })).toEqual([
      'recovering',
    ]);
  });

  it('they are served in the order in which they came', () => {
    expect(broken({ requests: [request(2, 8), request(1, 7), request(3, 9)] })).toEqual([]);
    expect(broken({ requests: [request(2, 7), request(1, 8), request(3, 9)] })).toEqual(['order']);
    expect(broken({ requests: [request(2, 7), request(1, 8, 'other')] })).toEqual([]);
  });
});
