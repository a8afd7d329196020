import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CacheService } from '../../../lib/cache/cache.service.js';
import type { ManualClock } from '../../support/manual-clock.js';
import { scene } from './cache.scene.js';
import { PlainCache, type Keeping } from './plain.cache.js';

interface Real {
  readonly clock: ManualClock;
  /** The cache or a namespace, asked for anew each time, in this process or in another one. */
  space(path: string): CacheService;
}

/** Something to do with both: what it should come to, and what it does. */
interface Step {
  readonly name: string;
  readonly plain: (cache: PlainCache) => unknown;
  readonly real: (real: Real) => unknown;
}

const space = fc.constantFrom('', 'a', 'a/b', 'ab', 'b');
const key = fc.constantFrom('k', 'user:1', 'user:2');
const tags = fc.subarray(['t', 'u']);
const ttl = fc.constantFrom(0, 1, 10, 1_000, Number.POSITIVE_INFINITY);
const keeping: fc.Arbitrary<Keeping> = fc.record({ ttl, grace: fc.constantFrom(0, 5, 500), tags });
const value = fc.nat(9);

/** A step of these arguments, which are its name. */
function step<A extends unknown[]>(
  name: string,
  args: { [I in keyof A]: fc.Arbitrary<A[I]> },
  plain: (cache: PlainCache, ...args: A) => unknown,
  real: (real: Real, ...args: A) => unknown,
): fc.Arbitrary<Step> {
  return fc.tuple<A>(...args).map((all) => ({
    name: `${name} ${all.map((one) => JSON.stringify(one)).join(' ')}`,
    plain: (cache) => plain(cache, ...all),
    real: (real_) => real(real_, ...all),
  }));
}

const STEPS: readonly fc.Arbitrary<Step>[] = [
  step(
    'get',
    [space, key],
    (plain, s, k) => plain.get(s, k),
    (real, s, k) => real.space(s).get(k),
  ),
  step(
    'peek',
    [space, key],
    (plain, s, k) => plain.get(s, k),
    (real, s, k) => real.space(s).peek(k),
  ),
  step(
    'ttl',
    [space, key],
    (plain, s, k) => plain.end(s, k),
    async (real, s, k) => {
      const left = await real.space(s).ttl(k);
      expect(await real.space(s).has(k)).toBe(left !== undefined);
      return left === undefined ? undefined : real.clock.now() + left;
    },
  ),
  step(
    'getMany',
    [space],
    (plain, s) => ['user:2', 'k', 'user:1'].map((k) => plain.get(s, k)),
    (real, s) => real.space(s).getMany(['user:2', 'k', 'user:1']),
  ),
  step(
    'set',
    [space, key, value, keeping],
    (plain, s, k, v, how) => plain.set(s, k, v, how) ?? true,
    (real, s, k, v, how) => real.space(s).set(k, v, how),
  ),
  step(
    'getOrSet',
    [space, key, value, keeping],
    (plain, s, k, v, how) => plain.getOrSet(s, k, v, how),
    async (real, s, k, v, how) => {
      const found = await real.space(s).getOrSet(k, () => v, how);
      // What is made behind the caller's back is stored by then.
      await real.clock.advance(0);
      return found;
    },
  ),
  step(
    'getOrSetMany',
    [space, value, keeping],
    (plain, s, v, how) => ['k', 'user:1'].map((k) => plain.getOrSet(s, k, v, how)),
    async (real, s, v, how) => {
      const found = await real.space(s).getOrSetMany(['k', 'user:1'], (keys) => keys.map(() => v), how);
      await real.clock.advance(0);
      return found;
    },
  ),
  step(
    'expire',
    [space, key, ttl],
    (plain, ...all) => plain.expire(...all),
    (real, s, k, ms) => real.space(s).expire(k, ms),
  ),
  step(
    'increment',
    [space, key, fc.integer({ min: -3, max: 3 }), fc.constantFrom(1, 10, 1_000)],
    (plain, ...all) => plain.increment(...all),
    (real, s, k, by, ms) => real.space(s).increment(k, by, { ttl: ms }),
  ),
  step(
    'delete',
    [space, key],
    (plain, ...all) => plain.delete(...all),
    (real, s, k) => real.space(s).delete(k),
  ),
  step(
    'deletePattern',
    [space],
    (plain, s) => plain.deleteBeginning(s, 'user:'),
    (real, s) => real.space(s).deletePattern('user:*'),
  ),
  step(
    'invalidateTags',
    [space, tags],
    (plain, _, all) => plain.invalidateTags(all),
    (real, s, all) => real.space(s).invalidateTags(all),
  ),
  step(
    'clear',
    [space],
    (plain, s) => plain.clear(s),
    (real, s) => real.space(s).clear(),
  ),
  step<[number]>(
    'time passes',
    [fc.constantFrom(1, 4, 9, 100, 1_500)],
    () => undefined,
    (real, ms) => real.clock.advance(ms),
  ),
];

describe('a cache', () => {
  it('does what a plain one would, whatever is done to it, in whichever process', async () => {
    const steps = fc.array(fc.tuple(fc.oneof(...STEPS), fc.boolean()), {
      minLength: 5,
      maxLength: 40,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(steps, async (done) => {
        const here = scene();
        const there = here.another();
        const plain = new PlainCache(here.clock);
        const log: string[] = [];
        for (const [{ name, plain: expected, real }, isHere] of done) {
          log.push(name);
          const { cache } = isHere ? here : there;
          const spaceOf = (path: string): CacheService =>
            path
              .split('/')
              .filter(Boolean)
              .reduce<CacheService>((outer, part) => outer.namespace(part), cache);
          const should = expected(plain);
          const does = await real({ clock: here.clock, space: spaceOf });
          expect([log.join('\n'), does]).toEqual([log.join('\n'), should]);
        }
      }),
      { numRuns: 400 },
    );
  });
});
