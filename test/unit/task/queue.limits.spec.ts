import { describe, expect, it } from '@jest/globals';
import { queueBackpressure, queueLimits } from '../../../lib/task/queue.limits.js';
import { DEFAULT_KEEP, retentions } from '../../../lib/task/retention.js';

describe('limits as the engine is told them', () => {
  it('are nothing when nothing is said', () => {
    expect(queueLimits({}, 'queue')).toBeUndefined();
    expect(queueLimits({ priority: 'strict' }, 'queue')).toEqual({});
    expect(queueLimits({ group: {} }, 'queue')).toEqual({ group: {} });
  });

  it('are in numbers and milliseconds', () => {
    expect(
      queueLimits(
        {
          globalConcurrency: 5,
          rateLimit: { max: 100, per: '1m' },
          backpressure: { max: 7 },
          group: {
            concurrency: 1,
            rateLimit: { max: 2, per: 500 },
            backpressure: { max: 3, policy: 'wait' },
          },
        },
        'queue',
      ),
    ).toEqual({
      concurrency: 5,
      rate: { max: 100, perMs: 60_000 },
      backlog: 7,
      group: { concurrency: 1, rate: { max: 2, perMs: 500 }, backlog: 3 },
    });
  });

  it('have a weight for each priority; its number and one for those that are not named', () => {
    expect(queueLimits({ priority: { weights: { 0: 0.5, 9: 100 } } }, 'queue')).toEqual({
      weights: [0.5, 2, 3, 4, 5, 6, 7, 8, 9, 100],
    });
    const weights = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55];
    expect(queueLimits({ priority: { weights } }, 'queue')).toEqual({ weights });
  });
});

describe('what an add does that does not fit', () => {
  it('is refused by default, and waits half a minute when it may', () => {
    const none = { max: undefined, policy: 'reject', timeoutMs: 30_000 };
    expect(queueBackpressure({}, 'queue')).toEqual({ queue: none, group: none });
    const waits = { max: 5, policy: 'wait', timeoutMs: 30_000 };
    expect(queueBackpressure({ backpressure: { max: 5, policy: 'wait' } }, 'queue')).toEqual({
      queue: waits,
      group: waits,
    });
  });

  it('is what its group says, if that says anything', () => {
    expect(
      queueBackpressure(
        {
          backpressure: { max: 5 },
          group: { backpressure: { max: 2, policy: 'wait', timeout: '1s' } },
        },
        'queue',
      ),
    ).toEqual({
      queue: { max: 5, policy: 'reject', timeoutMs: 30_000 },
      group: { max: 2, policy: 'wait', timeoutMs: 1_000 },
    });
  });
});

describe('what is kept of ended tasks', () => {
  it('is modest by default', () => {
    expect(retentions({}, DEFAULT_KEEP, 'keep')).toEqual({
      completed: { count: 1_000, ageMs: 3_600_000, bytes: undefined },
      dead: { count: 10_000, ageMs: 2_592_000_000, bytes: undefined },
      cancelled: { count: 1_000, ageMs: 3_600_000, bytes: undefined },
      expired: { count: 1_000, ageMs: 3_600_000, bytes: undefined },
    });
  });

  it('is what the queue says over what the module says', () => {
    const module = retentions({ dead: { count: 5, bytes: 100 }, expired: { age: '1m' } }, DEFAULT_KEEP, 'k');
    const queue = retentions({ dead: { age: '2m', bytes: Number.POSITIVE_INFINITY } }, module, 'k');
    expect(queue.dead).toEqual({ count: 5, ageMs: 120_000, bytes: undefined });
    expect(queue.expired).toEqual({ count: 1_000, ageMs: 60_000, bytes: undefined });
  });
});
