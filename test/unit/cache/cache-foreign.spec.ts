import { beforeEach, describe, expect, it } from '@jest/globals';
import { scene, type Scene } from './cache.scene.js';

let at: Scene;
beforeEach(() => void (at = scene()));

describe('text that somebody else has stored', () => {
  it('is a value when it reads like one', async () => {
    await at.plant('k', '{"name":"Ann"}');

    expect(await at.cache.get('k')).toEqual({ name: 'Ann' });
  });

  it('is passed over when it does not, by everything that reads', async () => {
    await at.plant('k', 'not ours');

    expect(await at.cache.get('k')).toBeUndefined();
    expect(at.cache.peek('k')).toBeUndefined();
    expect(await at.cache.getMany(['k'])).toEqual([undefined]);
    expect(await at.cache.has('k')).toBe(false);
    expect(await at.cache.ttl('k')).toBeUndefined();
    expect(at.logger.warnings[0]).toMatch(/^Cache value "k" is passed over: .*can't be read/);
  });

  it.each(['near', 'afar'])('is replaced by what a factory makes, %s', async (where) => {
    at.troubles.blind = where === 'afar';
    await at.plant('k', 'not ours');

    expect(await at.cache.getOrSet('k', ({ stale }) => ['ours', stale])).toEqual(['ours', undefined]);
    expect(await at.cache.get('k')).toEqual(['ours', undefined]);
  });

  it.each(['near', 'afar'])('is replaced by what a factory of many makes, %s', async (where) => {
    at.troubles.blind = where === 'afar';
    await at.plant('k', 'not ours');

    expect(await at.cache.getOrSetMany(['k', 'j'], (keys) => keys.map((key) => `ours ${key}`))).toEqual([
      'ours k',
      'ours j',
    ]);
    expect(await at.cache.get('k')).toBe('ours k');
  });

  it('that is stale is not served while another one is made', async () => {
    await at.plant('k', '{');
    await at.clock.advance(3_600_000);

    expect(await at.cache.getOrSet('k', () => 'ours', { grace: '1h' })).toBe('ours');
  });

  it('can not reach the prototype of anything', async () => {
    await at.plant('k', '{"__proto__":{"admin":true},"name":"Ann"}');
    const user = await at.cache.get<{ admin?: boolean }>('k');

    expect(user?.admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});
