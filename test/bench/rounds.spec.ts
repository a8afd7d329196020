import { describe, expect, it } from '@jest/globals';
import { parse } from '../../bench/harness/arguments.js';
import { measure } from '../../bench/harness/rounds.js';
import type { Figures, Stage, Suite } from '../../bench/harness/suite.js';

const stage: Stage = {
  short: false,
  redis: () => Promise.reject(new Error('there is none')),
  own: (thing) => thing,
  watch: () => undefined,
};
const options = { rounds: undefined, only: undefined, progress: () => undefined };

function suiteOf(part: (contender: string) => Figures, rounds = 3): Suite {
  return {
    name: 'sample',
    about: 'a sample',
    metrics: { 'rate /s': 'higher' },
    contenders: { depot: { settings: '' }, bullmq: { settings: '' }, groupmq: { settings: '' } },
    rounds,
    parts: () => [{ name: 'rate', measure: async (contender) => part(contender) }],
  };
}

describe('the rounds of a suite', () => {
  it('have every contender once, and another one goes first', async () => {
    const order: string[] = [];
    await measure(
      suiteOf((contender) => ({ 'rate /s': order.push(contender) })),
      stage,
      options,
    );
    expect(order.join(' ')).toBe('depot bullmq groupmq bullmq groupmq depot groupmq depot bullmq');
  });

  it('are as many as asked for, of those asked for', async () => {
    const order: string[] = [];
    const suite = suiteOf((contender) => ({ 'rate /s': order.push(contender) }));
    await measure(suite, stage, { ...options, rounds: 2, only: ['depot', 'groupmq'] });
    expect(order).toEqual(['depot', 'groupmq', 'groupmq', 'depot']);
  });

  it('say where they failed, and why', async () => {
    const why = new Error('two tasks were lost');
    const failing = suiteOf((contender) => {
      if (contender === 'bullmq') throw why;
      return { 'rate /s': 1 };
    });
    const failed: unknown = await measure(failing, stage, options).catch((error: unknown) => error);
    expect(failed).toMatchObject({ message: 'sample: rate, round 1 of 3, bullmq has failed', cause: why });
  });

  it('fail when a contender has no figure for a metric', async () => {
    const silent = suiteOf((contender) => (contender === 'groupmq' ? {} : { 'rate /s': 1 }));
    await expect(measure(silent, stage, options)).rejects.toThrow(/nothing was measured of groupmq: rate/);
  });

  it('refuse a contender that there is not', async () => {
    const suite = suiteOf(() => ({ 'rate /s': 1 }));
    await expect(measure(suite, stage, { ...options, only: ['bull'] })).rejects.toThrow(
      'sample has no contender bull; there are depot, bullmq, groupmq',
    );
  });
});

describe('the arguments of the benchmark', () => {
  const suites = [suiteOf(() => ({}))];

  it('name suites and options', () => {
    const args = parse(['sample', '--json', '--rounds', '5', '--only', 'depot,bullmq'], suites);
    expect(args).toMatchObject({ suites, json: true, short: false, rounds: 5, only: ['depot', 'bullmq'] });
  });

  it.each([
    [['samples'], 'there is no suite samples; there are sample'],
    [['--fast'], /--fast/],
    [['--rounds', 'many'], '--rounds is many; it takes a number from 1 on'],
    [['--rounds', '0'], '--rounds is 0; it takes a number from 1 on'],
  ])('are refused when they are unknown: %j', (args, message) => {
    expect(() => parse(args, suites)).toThrow(message);
  });
});
