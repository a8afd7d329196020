import { describe, it } from '@jest/globals';
import { DURATION, refused, root, type Anything } from './fixtures/refused.js';

describe('an option of DepotModule.registerQueue', () => {
  it.each<[Anything, string]>([
    [{ name: '' }, 'DepotModule.registerQueue: name is ""; expected 1 to 128 characters'],
    [{ name: 'a b' }, 'DepotModule.registerQueue: name is "a b"; expected'],
    [{}, 'DepotModule.registerQueue: name is undefined; expected'],
    [{ name: 'work', retries: 3 }, "queue 'work' has no option 'retries'; there are: name, attempts"],
    [{ name: 'work', attempts: 'x' }, 'queue \'work\'.attempts is "x"; expected a whole number'],
    [{ name: 'work', backoff: 'x' }, `queue 'work'.backoff is "x"; ${DURATION}`],
    [{ name: 'work', timeout: -1 }, `queue 'work'.timeout is -1; ${DURATION}`],
    [{ name: 'work', maxCrashes: 1.5 }, "queue 'work'.maxCrashes is 1.5; expected a whole number"],
    [{ name: 'work', deadline: '1 h' }, `queue 'work'.deadline is "1 h"; ${DURATION}`],
    [
      { name: 'work', globalConcurrency: 0 },
      "queue 'work'.globalConcurrency is 0; expected a whole number from 1 to 1000000",
    ],
    [{ name: 'work', rateLimit: 5 }, "queue 'work'.rateLimit is 5; expected an object"],
    [
      { name: 'work', rateLimit: { max: 5, per: '1s', burst: 2 } },
      "queue 'work'.rateLimit has no option 'burst'; there are: max, per",
    ],
    [
      { name: 'work', rateLimit: { max: 0.5, per: '1s' } },
      "queue 'work'.rateLimit.max is 0.5; expected a whole number from 1",
    ],
    [{ name: 'work', rateLimit: { max: 5 } }, `queue 'work'.rateLimit.per is undefined; ${DURATION}`],
    [
      { name: 'work', rateLimit: { max: 5, per: 0 } },
      "queue 'work'.rateLimit.per is 0; expected at least 1 ms",
    ],
    [
      { name: 'work', backpressure: { policy: 'wait' } },
      "queue 'work'.backpressure.max is undefined; expected a whole number from 1",
    ],
    [
      { name: 'work', backpressure: { max: 5, policy: 'drop' } },
      "queue 'work'.backpressure.policy is \"drop\"; expected 'reject' or 'wait'",
    ],
    [
      { name: 'work', backpressure: { max: 5, timeout: '1s' } },
      "queue 'work'.backpressure.timeout is \"1s\"; it needs policy: 'wait'",
    ],
    [
      { name: 'work', backpressure: { max: 5, policy: 'wait', timeout: 'x' } },
      `queue 'work'.backpressure.timeout is "x"; ${DURATION}`,
    ],
    [
      { name: 'work', backpressure: { max: 5, limit: 5 } },
      "queue 'work'.backpressure has no option 'limit'; there are: max, policy, timeout",
    ],
    [
      { name: 'work', group: { globalConcurrency: 1 } },
      "queue 'work'.group has no option 'globalConcurrency'; there are: concurrency, rateLimit, backpressure",
    ],
    [{ name: 'work', group: { concurrency: -1 } }, "queue 'work'.group.concurrency is -1; expected a whole"],
    [
      { name: 'work', group: { rateLimit: { max: 1, per: 'x' } } },
      `queue 'work'.group.rateLimit.per is "x"; ${DURATION}`,
    ],
    [
      { name: 'work', group: { backpressure: { max: 0 } } },
      "queue 'work'.group.backpressure.max is 0; expected a whole number from 1",
    ],
    [
      { name: 'work', priority: 'fair' },
      "queue 'work'.priority is \"fair\"; expected 'strict' or { weights }",
    ],
    [
      { name: 'work', priority: { weights: [1, 2] } },
      "queue 'work'.priority.weights is an array; expected 10 numbers, for the priorities 0 to 9, or { 9: 5, … }",
    ],
    [
      { name: 'work', priority: { weights: { 10: 1 } } },
      'queue \'work\'.priority.weights names the priority "10"; expected 0 to 9',
    ],
    [
      { name: 'work', priority: { weights: { 3: 0 } } },
      "queue 'work'.priority.weights of 3 is 0; expected a number above 0",
    ],
    [
      { name: 'work', keep: { expired: { bytes: -1 } } },
      "queue 'work'.keep.expired.bytes is -1; expected a whole number from 0",
    ],
    [
      { name: 'work', keep: { cancelled: { size: 1 } } },
      "queue 'work'.keep.cancelled has no option 'size'; there are: count, age, bytes",
    ],
    [
      { name: 'work', keep: { completed: { age: 'x' } } },
      `queue 'work'.keep.completed.age is "x"; ${DURATION}`,
    ],
  ])('%j is refused by name, value and what is expected', async (options, message) => {
    await refused(() => root({}, [options]), message);
  });

  it('that is not the same the second time is refused', async () => {
    await refused(
      () =>
        root({}, [
          { name: 'work', attempts: 1 },
          { name: 'work', attempts: 2 },
        ]),
      "queue 'work' is registered twice with different options",
    );
  });
});
