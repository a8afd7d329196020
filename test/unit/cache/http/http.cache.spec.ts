import { describe, expect, it } from '@jest/globals';
import { settled } from '../../../support/manual-clock.js';
import { HOUR, Kitchen, MINUTE, never, scene, type Process } from '../cache.scene.js';
import { made, MadeExchange } from './made.exchange.js';

const answersOf = ({ cache }: Process) => cache.namespace('http');

describe('HttpCache', () => {
  it('shares an answer with other processes, and the work for it', async () => {
    const one = scene();
    const here = made(answersOf(one));
    const there = made(answersOf(one.another()));
    const kitchen = new Kitchen<object>();
    const first = here.ask(new MadeExchange('/'), kitchen.factory);
    await kitchen.busy;
    const second = there.ask(new MadeExchange('/'), never);
    await settled();
    kitchen.serve({ cats: 1 });
    expect(await first).toEqual({ cats: 1 });
    expect(await second).toEqual({ cats: 1 });
    expect(await there.ask(new MadeExchange('/'), never)).toEqual({ cats: 1 });
  });

  it('has another process run its own handler when an answer is not for it', async () => {
    const one = scene();
    const there = made(answersOf(one.another()));
    const kitchen = new Kitchen<object>();
    const mine = new MadeExchange('/');
    const first = made(answersOf(one)).ask(mine, kitchen.factory);
    await kitchen.busy;
    const theirs = new MadeExchange('/');
    const second = there.ask(theirs, () => ({ cats: 2 }));
    await settled();
    mine.set.set('set-cookie', 'session=1');
    kitchen.serve({ cats: 1 });
    expect(await first).toEqual({ cats: 1 });
    expect(await second).toEqual({ cats: 2 });
    expect([mine.cached, theirs.set.get('set-cookie')]).toEqual(['PASS cookie', undefined]);
  });

  it.each(['away', 'blind'] as const)('answers while the engine is %s', async (trouble) => {
    const one = scene();
    const { ask } = made(answersOf(one));
    one.troubles[trouble] = true;
    const exchange = new MadeExchange('/');
    expect(await ask(exchange, () => ({ cats: 1 }))).toEqual({ cats: 1 });
    expect(exchange.cached).toBe('MISS');
    const next = new MadeExchange('/');
    expect(await ask(next, () => ({ cats: 2 }))).toEqual({ cats: trouble === 'blind' ? 1 : 2 });
    one.troubles[trouble] = false;
    await ask(new MadeExchange('/'), () => ({ cats: 3 }));
    expect(await ask(new MadeExchange('/'), never)).toEqual({ cats: trouble === 'blind' ? 1 : 3 });
  });

  it('passes over what others have stored under its keys', async () => {
    const one = scene();
    const answers = answersOf(one);
    const { ask } = made(answers);
    for (const odd of [null, 1, 'text', [], {}, { id: 1, vary: 'a' }, { vary: [1] }, { vary: ['x-odd'] }]) {
      await answers.set('Cats.list:http://shop.example/', odd);
      expect(await ask(new MadeExchange('/'), () => ({ cats: 1 }))).toEqual({ cats: 1 });
    }
  });

  it('does not give up for an answer that is too large, or can not be stored', async () => {
    const one = scene({ maxValue: 1_000 });
    const { ask } = made(answersOf(one));
    for (const body of ['a'.repeat(2_000), { deep: nested(90) }]) {
      const exchange = new MadeExchange('/');
      expect(await ask(exchange, () => body)).toEqual(body);
      expect([exchange.cached, exchange.answer.status]).toEqual(['MISS', 200]);
    }
  });

  it('has nobody wait for longer than the time-out says, and the request for its own handler', async () => {
    const one = scene();
    const { ask } = made(answersOf(one), { timeout: '5s' });
    const kitchen = new Kitchen<object>();
    const slow = ask(new MadeExchange('/'), kitchen.factory);
    await kitchen.busy;
    const waiting = ask(new MadeExchange('/'), () => ({ cats: 2 }));
    await settled();
    await one.clock.advance(5_000);
    expect(await waiting).toEqual({ cats: 2 });
    kitchen.serve({ cats: 1 });
    expect(await slow).toEqual({ cats: 1 });
  });

  it('runs no handler for a request that has its answer, however the cache is set', async () => {
    const one = scene({ refreshAhead: 0.1, grace: HOUR, ttl: MINUTE });
    const { ask } = made(answersOf(one), { ttl: MINUTE });
    await ask(new MadeExchange('/'), () => ({ cats: 1 }));
    await one.clock.advance(MINUTE / 2);
    expect(await ask(new MadeExchange('/'), never)).toEqual({ cats: 1 });
    await one.clock.advance(MINUTE);
    let headers = 0;
    const late = new MadeExchange('/');
    expect(
      await ask(late, async () => {
        await settled();
        late.answer.setHeader('x-cats', ++headers);
        return { cats: 2 };
      }),
    ).toEqual({ cats: 2 });
    expect(late.set.get('x-cats')).toBe(1);
  });

  it('takes back what a handler has said before it failed', async () => {
    const one = scene();
    const { ask } = made(answersOf(one), { ttl: MINUTE, grace: HOUR });
    const first = new MadeExchange('/');
    first.set.set('x-outer', 'a');
    await ask(first, () => {
      first.answer.setHeader('x-cats', 1);
      return { cats: 1 };
    });
    await one.clock.advance(2 * MINUTE);
    const late = new MadeExchange('/');
    late.set.set('x-outer', 'a');
    const body = await ask(late, () => {
      late.answer.status = 202;
      late.answer.setHeader('x-outer', 'b');
      late.answer.setHeader('x-broken', 1);
      throw new Error('broken');
    });
    expect(body).toEqual({ cats: 1 });
    expect(late.answer.status).toBe(200);
    expect(Object.fromEntries(late.set)).toMatchObject({ 'x-outer': 'a', 'x-cats': 1 });
    expect(late.set.has('x-broken')).toBe(false);
  });

  it('heeds the max-age of the handler, and says how old its answer is', async () => {
    const one = scene();
    const { ask } = made(answersOf(one));
    const handler = (exchange: MadeExchange) => () => {
      exchange.answer.setHeader('cache-control', 'public, max-age=10');
      return {};
    };
    const first = new MadeExchange('/');
    await ask(first, handler(first));
    await one.clock.advance(9_000);
    const hit = new MadeExchange('/');
    await ask(hit, never);
    expect([hit.set.get('cache-control'), hit.set.get('age')]).toEqual(['public, max-age=10', 0]);
    await one.clock.advance(1_000);
    const late = new MadeExchange('/');
    await ask(late, handler(late));
    expect(late.cached).toBe('MISS');
  });
});

function nested(depth: number): object {
  return depth === 0 ? { huge: 'a'.repeat(2_000) } : { inner: nested(depth - 1) };
}
