import { describe, expect, it } from '@jest/globals';
import { HEARD_MS, RECOVERED_MS } from './cache-calm.js';
import {
  FOREIGN,
  type Disturbance,
  type Fill,
  type History,
  type Read,
  type Write,
} from './cache-history.js';
import { judge } from './cache-promise.js';

const KEY = 'key';
const WRITER = 1;
const READER = 2;

const read = (version: number | undefined, begun: number, by = READER): Read => ({
  ...{ by, how: 'get', key: KEY, version },
  ...{ begun, ended: begun + 1 },
});

const write = (version: number, begun: number, ended: number, more: Partial<Write> = {}): Write => ({
  ...{ by: WRITER, how: 'set', versions: [[KEY, version]], stores: true, done: true },
  ...{ begun, ended },
  ...more,
});

const removal = (version: number, begun: number, ended: number, more: Partial<Write> = {}): Write =>
  write(version, begun, ended, { how: 'delete', stores: false, ...more });

const cut = (who: number, from: number, until: number): Disturbance => ({ who, how: 'cut', from, until });

const broken = (history: Partial<History>): number =>
  judge({ reads: [], writes: [], fills: [], mishaps: [], disturbances: [], delays: [], ...history }).broken
    .length;

const newer = write(2, 1_000, 1_010);
const HEARD = 1_010 + HEARD_MS;
const RECOVERED = 1_100 + RECOVERED_MS;

describe('what is judged of reads', () => {
  it('another process may read what was there until it has heard of the write', () => {
    expect(broken({ writes: [newer], reads: [read(1, HEARD)] })).toBe(0);
    expect(broken({ writes: [newer], reads: [read(1, HEARD + 1)] })).toBe(1);
    expect(broken({ writes: [newer], reads: [read(2, HEARD + 1), read(undefined, HEARD + 1)] })).toBe(0);
  });

  it('and for longer when its messages are late', () => {
    const history = { writes: [newer], delays: [0, 0, 20] };
    expect(broken({ ...history, reads: [read(1, HEARD + 40)] })).toBe(0);
    expect(broken({ ...history, reads: [read(1, HEARD + 41)] })).toBe(1);
  });

  it('who has written reads nothing older from then on', () => {
    expect(broken({ writes: [newer], reads: [read(1, 1_009, WRITER)] })).toBe(0);
    expect(broken({ writes: [newer], reads: [read(1, 1_011, WRITER)] })).toBe(1);
  });

  it('a reader that is cut off when it should hear may be late until it has recovered', () => {
    const history = { writes: [newer], disturbances: [cut(READER, 1_020, 1_100)] };
    expect(broken({ ...history, reads: [read(1, RECOVERED)] })).toBe(0);
    expect(broken({ ...history, reads: [read(1, RECOVERED + 1)] })).toBe(1);
  });

  it('what it had to know before it was cut off it has to know then, too', () => {
    const history = { writes: [newer], disturbances: [cut(READER, HEARD + 1, HEARD + 500)] };
    expect(broken({ ...history, reads: [read(1, HEARD + 100)] })).toBe(1);
  });

  it("another process's trouble is no excuse", () => {
    const history = { writes: [newer], disturbances: [cut(3, 1_020, 1_100)] };
    expect(broken({ ...history, reads: [read(1, HEARD + 1)] })).toBe(1);
  });

  it('a machine that is late is waited for, and no longer', () => {
    const late = { who: undefined, how: 'late', from: 1_020, until: 1_080 };
    const history = { writes: [newer], disturbances: [late] };
    expect(broken({ ...history, reads: [read(1, 1_080 + HEARD_MS)] })).toBe(0);
    expect(broken({ ...history, reads: [read(1, 1_081 + HEARD_MS)] })).toBe(1);
  });

  it('a write that a process makes when it is late takes effect no sooner than it ended', () => {
    const late = { who: WRITER, how: 'late', from: 980, until: 990 };
    const history = { writes: [removal(2, 1_000, 1_200, { done: undefined })], disturbances: [late] };
    expect(broken({ ...history, reads: [read(1, 1_200 + HEARD_MS)] })).toBe(0);
    expect(broken({ ...history, reads: [read(1, 1_201 + HEARD_MS)] })).toBe(1);
  });

  it('a write that could not be done takes effect when its process has recovered', () => {
    const disturbances = [cut(WRITER, 1_000, 1_100)];
    for (const done of [false, undefined]) {
      const history = { writes: [removal(2, 1_000, 1_010, { done })], disturbances };
      expect(broken({ ...history, reads: [read(1, RECOVERED + HEARD_MS)] })).toBe(0);
      expect(broken({ ...history, reads: [read(1, RECOVERED + HEARD_MS + 1)] })).toBe(1);
    }
    expect(broken({ writes: [newer], disturbances, reads: [read(1, HEARD + 1)] })).toBe(1);
  });

  it('sets that overlap may end in any order', () => {
    const older = write(1, 995, 1_005, { by: 3 });
    expect(broken({ writes: [older, newer], reads: [read(1, 5_000)] })).toBe(0);
    const earlier = write(1, 900, 999, { by: 3 });
    expect(broken({ writes: [earlier, newer], reads: [read(1, 5_000)] })).toBe(1);
  });

  it('unless one process made both', () => {
    expect(broken({ writes: [write(1, 995, 1_005), newer], reads: [read(1, 5_000)] })).toBe(1);
    expect(broken({ writes: [write(1, 1_001, 1_005), newer], reads: [read(1, 5_000)] })).toBe(0);
  });

  it('a set that could not be done may be stored until its process has recovered', () => {
    const lost = write(1, 900, 950, { by: 3, done: false });
    const history = { writes: [lost, newer], disturbances: [cut(3, 900, 1_000)] };
    expect(broken({ ...history, reads: [read(1, 3_000)] })).toBe(0);
    const late = write(2, 1_000 + RECOVERED_MS + 1, 1_010 + RECOVERED_MS);
    expect(broken({ ...history, writes: [lost, late], reads: [read(1, 6_000)] })).toBe(1);
  });

  it('a fill is no excuse, but for who deletes without a word to the library', () => {
    const fill: Fill = { by: 3, key: KEY, version: 1, begun: 995, ended: 1_005 };
    const reads = [read(1, 5_000)];
    expect(broken({ writes: [removal(2, 1_000, 1_010)], fills: [fill], reads })).toBe(1);
    const foreign = removal(2, 1_000, 1_010, { by: FOREIGN, how: 'foreign delete' });
    expect(broken({ writes: [foreign], fills: [fill], reads })).toBe(0);
    expect(broken({ writes: [foreign], fills: [{ ...fill, ended: 999 }], reads })).toBe(1);
    expect(broken({ writes: [foreign], fills: [{ ...fill, begun: 1_011, ended: 1_020 }], reads })).toBe(1);
  });

  it('each key for itself', () => {
    expect(
      broken({ writes: [write(2, 1_000, 1_010, { versions: [['other', 2]] })], reads: [read(1, 5_000)] }),
    ).toBe(0);
  });
});
