import { describe, expect, it } from '@jest/globals';
import { reportForPeople, reportForPrograms } from '../../bench/harness/report.js';
import { Results } from '../../bench/harness/results.js';
import type { Suite } from '../../bench/harness/suite.js';

const suite: Suite = {
  name: 'sample',
  about: 'a sample',
  metrics: { 'rate /s': 'higher', 'late ms': 'lower', 'earliest ms': 'neither' },
  contenders: {
    depot: { settings: 'ours' },
    bullmq: { settings: 'a peer' },
    'bee-queue': { settings: 'another peer', lacks: { 'late ms': 'it has none' } },
    ioredis: { settings: 'the floor', floor: true },
  },
  rounds: 1,
  parts: () => [],
};

function measured(figures: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>): Results {
  const results = new Results(suite);
  for (const [contender, metrics] of Object.entries(figures))
    for (const [metric, values] of Object.entries(metrics))
      for (const value of values) results.add(contender, metric, value);
  return results;
}

const results = measured({
  depot: { 'rate /s': [300, 100, 200], 'late ms': [2], 'earliest ms': [0.5] },
  bullmq: { 'rate /s': [50], 'late ms': [10], 'earliest ms': [5] },
  'bee-queue': { 'rate /s': [100], 'earliest ms': [1] },
  ioredis: { 'rate /s': [1_000], 'late ms': [1], 'earliest ms': [0] },
});

describe('the results of a suite', () => {
  it('have the median of the rounds, and the extremes', () => {
    expect(results.spread('depot', 'rate /s')).toEqual({ median: 200, min: 100, max: 300 });
  });

  it('have ratios that are above 1 when ours is better, whichever way is better', () => {
    expect(results.ratio('rate /s', 'bullmq')).toBe(4);
    expect(results.ratio('late ms', 'bullmq')).toBe(5);
    expect(results.ratio('rate /s', 'ioredis')).toBe(0.2);
  });

  it('have no ratio where there is nothing to compare', () => {
    expect(results.ratio('earliest ms', 'bullmq')).toBeUndefined();
    expect(results.ratio('late ms', 'bee-queue')).toBeUndefined();
    const none = measured({ depot: { 'late ms': [0] }, bullmq: { 'late ms': [3] } });
    expect(none.ratio('late ms', 'bullmq')).toBeUndefined();
  });

  it('know the best peer, which the floor is not', () => {
    expect(results.best('rate /s')).toBe('bee-queue');
    expect(results.best('late ms')).toBe('bullmq');
    expect(results.best('earliest ms')).toBeUndefined();
  });

  it('refuse what is no figure, or of no metric', () => {
    expect(() => results.add('depot', 'late ms', NaN)).toThrow(/'late ms' of depot is NaN/);
    expect(() => results.add('depot', 'early ms', 1)).toThrow(/sample has no metric 'early ms'/);
  });

  it('are one line for programs', () => {
    const line = reportForPrograms(results);
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toMatchObject({
      suite: 'sample',
      results: { depot: { 'rate /s': 200, 'late ms': 2 } },
      ratios: { bullmq: { 'rate /s': 4, 'late ms': 5 }, 'bee-queue': { 'rate /s': 2 } },
      ranges: { depot: { 'rate /s': [100, 300] } },
    });
  });

  it('are a table for people', () => {
    const text = reportForPeople(results);
    expect(text).toContain('200 (100 to 300)');
    expect(text).toContain('2.00 x bee-queue');
    expect(text).toContain("bee-queue has no 'late ms': it has none");
  });

  it('say once why several figures are lacking', () => {
    const bullmq = { settings: 'a peer', lacks: { 'rate /s': 'it is slow', 'late ms': 'it is slow' } };
    const lacking = new Results({ ...suite, contenders: { ...suite.contenders, bullmq } });
    lacking.add('bullmq', 'earliest ms', 1);
    const lines = reportForPeople(lacking).split('\n');
    expect(lines).toContain("  bullmq has no 'rate /s', 'late ms': it is slow");
    // Who was not measured is not spoken of.
    expect(lines.filter((line) => line.includes('has no'))).toHaveLength(1);
  });
});
