import { beforeEach, describe, expect, it } from '@jest/globals';
import { readFailure, writeFailure } from '../../../lib/cache/cache.failure.js';
import { counter, isPending, Kitchen, never, scene, type Scene } from './cache.scene.js';

let at: Scene;
beforeEach(() => void (at = scene()));

const fails =
  (message = 'no luck') =>
  (): never => {
    throw new Error(message);
  };

describe('a factory that fails', () => {
  it('fails for all who wait, here and elsewhere, keeps nothing, and the next one tries again', async () => {
    const kitchen = new Kitchen();
    const here = at.cache.getOrSet('k', kitchen.factory);
    await kitchen.busy;
    const joined = at.cache.getOrSet('k', never);
    const there = at.another().cache.getOrSet('k', never);
    expect(await isPending(there)).toBe(true);
    kitchen.burn(new Error('no luck'));

    await expect(here).rejects.toThrow('no luck');
    await expect(joined).rejects.toThrow('no luck');
    await expect(there).rejects.toThrow('no luck');
    expect(await at.cache.has('k')).toBe(false);
    expect(await at.cache.getOrSet('k', () => 'better')).toBe('better');
  });

  it('may do so at once', async () => {
    const thrown = at.cache.getOrSet('k', fails('at once'));

    await expect(thrown).rejects.toThrow('at once');
    expect(await at.cache.getOrSet('k', () => 'better')).toBe('better');
  });

  it('is not a factory at all', async () => {
    await expect(at.cache.getOrSet('k', 5 as unknown as () => number)).rejects.toThrow('not a function');
    expect(await at.cache.getOrSet('k', () => 'better')).toBe('better');
  });

  it.each([undefined, null, 'text', 0, Symbol('s'), { code: 5 }])('may throw %p', async (thrown) => {
    const kitchen = new Kitchen();
    const here = at.cache.getOrSet('k', kitchen.factory);
    await kitchen.busy;
    const there = at.another().cache.getOrSet('k', never);
    await isPending(there);
    kitchen.burn(thrown);

    await expect(here).rejects.toBe(thrown);
    await expect(there).rejects.toBeInstanceOf(Error);
    expect(await at.cache.getOrSet('k', () => 'better')).toBe('better');
  });

  it('may throw what can not even be looked at: nobody waits for ever', async () => {
    const hostile = Object.defineProperty(new Error('hostile'), 'status', {
      enumerable: true,
      get: fails('a getter'),
    });
    const kitchen = new Kitchen();
    const here = at.cache.getOrSet('k', kitchen.factory);
    await kitchen.busy;
    const there = at.another().cache.getOrSet('k', never);
    await isPending(there);
    kitchen.burn(hostile);

    await expect(here).rejects.toBe(hostile);
    await expect(there).rejects.toThrow('hostile');
    expect(await at.cache.getOrSet('k', () => 'better')).toBe('better');
  });
});

describe('errorTtl', () => {
  it('gives the error to whoever asks for so long, in all processes', async () => {
    await expect(at.cache.getOrSet('k', fails(), { errorTtl: '1s' })).rejects.toThrow('no luck');
    await at.clock.advance(999);

    await expect(at.cache.getOrSet('k', never)).rejects.toThrow('no luck');
    await expect(at.another().cache.getOrSet('k', never)).rejects.toThrow('no luck');
    await expect(at.cache.getOrSetMany(['j', 'k'], () => [1])).rejects.toThrow('no luck');
    await at.clock.advance(1);
    expect(await at.cache.getOrSet('k', () => 'better')).toBe('better');
  });

  it('may be that of the cache', async () => {
    at = scene({ errorTtl: 10 });
    await expect(at.cache.getOrSet('k', fails())).rejects.toThrow('no luck');

    await expect(at.cache.getOrSet('k', never)).rejects.toThrow('no luck');
  });

  it('ends with a set, a delete or an invalidation', async () => {
    for (const end of [() => at.cache.set('k', 'set'), () => at.cache.delete('k')]) {
      await expect(at.cache.getOrSet('k', fails(), { errorTtl: '1h' })).rejects.toThrow('no luck');
      await end();
      expect(['set', 'made']).toContain(await at.cache.getOrSet('k', () => 'made'));
      await at.cache.delete('k');
    }
  });

  it('hides no value: get finds none, peek finds none', async () => {
    await expect(at.cache.getOrSet('k', fails(), { errorTtl: '1h' })).rejects.toThrow('no luck');

    expect(await at.cache.get('k')).toBeUndefined();
    expect(at.cache.peek('k')).toBeUndefined();
    expect(await at.cache.has('k')).toBe(false);
  });

  it('has no part in a stale value, which is served', async () => {
    const factory = counter();
    await at.cache.set('k', 'old', { ttl: 10, grace: '1h' });
    at.clock.jump(10);
    const failing = (): never => fails(`${factory()}`)();
    const options = { grace: '1h', errorTtl: '10s' } as const;

    expect(await at.cache.getOrSet('k', failing, options)).toBe('old');
    await at.clock.advance(5_000);
    expect(await at.cache.getOrSet('k', failing, options)).toBe('old');
    expect(factory.calls).toBe(1);
  });
});

describe('an error on its way to another process', () => {
  const travel = (error: unknown): Error => readFailure(writeFailure(error));

  it('keeps name, message, stack and what hangs on it', () => {
    class HttpException extends Error {
      readonly status = 404;
      readonly response = { message: ['a', 'b'], at: new Date(0) };
      override name = 'HttpException';
    }
    const error = new HttpException('not found');
    const arrived = travel(error);

    expect(arrived).toBeInstanceOf(Error);
    expect(arrived).toMatchObject({
      name: 'HttpException',
      message: 'not found',
      status: 404,
      response: error.response,
    });
    expect(arrived.stack).toBe(error.stack);
  });

  it('loses what can not be written, and no more', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const arrived = travel(Object.assign(new TypeError('m'), { circle }));

    expect(arrived).toMatchObject({ name: 'TypeError', message: 'm' });
    expect(arrived).not.toHaveProperty('circle');
  });

  it('loses what is too long, and the end of a message that is', () => {
    expect(travel(Object.assign(new Error('m'), { body: 'x'.repeat(100_000) }))).not.toHaveProperty('body');
    const arrived = travel(new Error(`begins${'x'.repeat(1_000_000)}`));

    expect(arrived.message).toMatch(/^begins/);
    expect(arrived.message.length).toBeLessThanOrEqual(1_000);
    expect(writeFailure(new Error('x'.repeat(1_000_000))).length).toBeLessThan(65_536);
  });

  it('can not reach a prototype', () => {
    const evil = Object.defineProperty(new Error('m'), '__proto__', {
      value: { admin: true },
      enumerable: true,
    });
    const arrived = travel(evil) as Error & { admin?: boolean };

    expect(arrived).toBeInstanceOf(Error);
    expect(arrived.admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it.each(['[]', 'null', '5', '"text"', '[1,2]', '{"length":2}'])(
    'that reads %s is an error all the same',
    (text) => {
      expect(readFailure(text)).toBeInstanceOf(Error);
    },
  );
});
