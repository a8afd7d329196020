import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { HttpCacheOptions } from '../../../../lib/cache/http/http-cache.options.js';
import { MINUTE, scene } from '../cache.scene.js';
import { made, MadeExchange, type MadeCache } from './made.exchange.js';

/** What a handler says of one resource: its answer depends on these, and who may have it. */
interface Nature {
  readonly vary: readonly string[];
  readonly isPrivate: boolean;
  readonly fails: boolean;
}

interface Wish {
  readonly resource: number;
  readonly user: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly turns: number;
}

/** An answer says for whom it was made. */
interface Said {
  readonly resource: number;
  readonly user: string | undefined;
  readonly by: number;
  readonly vary: readonly string[];
  readonly values: readonly (string | null)[];
  readonly isPrivate: boolean;
}

describe('whatever is asked by whom, at whatever time', () => {
  const nature: fc.Arbitrary<Nature> = fc.record({
    vary: fc.subarray(['accept', 'x-a', 'x-b']),
    isPrivate: fc.boolean(),
    fails: fc.boolean(),
  });
  const request = fc.record({
    resource: fc.nat(2),
    process: fc.nat(1),
    user: fc.option(fc.constantFrom('ann', 'bob'), { nil: undefined }),
    headers: fc.dictionary(fc.constantFrom('accept', 'x-a', 'x-b'), fc.constantFrom('1', '2')),
    /** What the handler turns out to be this time. */
    nature: fc.option(nature, { nil: undefined }),
    turns: fc.nat(4),
    /** How many others are asked before this one. */
    pause: fc.nat(2),
    does: fc.constantFrom('ask', 'ask', 'ask', 'ask', 'invalidate', 'wait'),
  });

  const natures = fc.tuple(nature, nature, nature);
  const requests = fc.array(request, { minLength: 5, maxLength: 25 });

  it.each([[true], [false]])('nobody gets what was not for him (with a scope: %s)', async (isScoped) => {
    const options: HttpCacheOptions = {
      ttl: MINUTE,
      grace: MINUTE,
      ...(isScoped && { scope: (one) => one.headers.authorization as string | undefined }),
    };
    const history = fc.asyncProperty(natures, requests, async (kinds, wishes) => {
      const one = scene();
      const caches = [one, one.another()].map(({ cache }) => made(cache.namespace('http'), options));
      await Promise.all(
        wishes.map(async (wish, by) => {
          await turns(wish.pause * by);
          if (wish.does === 'invalidate') await one.cache.clear();
          else if (wish.does === 'wait') await one.clock.advance(MINUTE);
          else await ask(caches[wish.process]!, wish, wish.nature ?? kinds[wish.resource]!, by);
        }),
      );
    });
    await fc.assert(history, { numRuns: 100, seed: 7 });

    async function ask({ ask }: MadeCache, wish: Wish, { vary, isPrivate, fails }: Nature, by: number) {
      const exchange = new MadeExchange(`/${wish.resource}`, {
        ...wish.headers,
        ...(wish.user !== undefined && { authorization: wish.user }),
      });
      const valuesOf = (names: readonly string[]) => names.map((name) => wish.headers[name] ?? null);
      const handler = async (): Promise<Said> => {
        await turns(wish.turns);
        if (fails) throw new Error(`handler of ${by}`);
        exchange.answer.setHeader('vary', vary.join(', '));
        if (isPrivate) exchange.answer.setHeader('set-cookie', `by=${by}`);
        const { resource, user } = wish;
        return { resource, user, by, vary, values: valuesOf(vary), isPrivate };
      };
      const got = (await ask(exchange, handler).catch((error: unknown) => error)) as Said | Error;
      if (got instanceof Error) return expect([got.message, fails]).toEqual([`handler of ${by}`, true]);
      const cookie = exchange.set.get('set-cookie');
      expect(cookie).toBe(got.isPrivate ? `by=${by}` : undefined);
      if (got.by === by) return;
      expect(got).toMatchObject({ resource: wish.resource, isPrivate: false });
      expect(got.user).toBe(wish.user);
      expect(wish.user !== undefined).toBe(isScoped);
      expect(got.values).toEqual(valuesOf(got.vary));
    }
  });
});

/** Lets others go first, so often. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}
