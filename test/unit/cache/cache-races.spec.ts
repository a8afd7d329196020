import { beforeEach, describe, expect, it } from '@jest/globals';
import { PayloadError } from '../../../lib/common/errors.js';
import type { CacheNamespace, CacheService } from '../../../lib/cache/cache.service.js';
import type { GetOrSetOptions } from '../../../lib/cache/cache.options.js';
import { isPending, Kitchen, scene, type Scene } from './cache.scene.js';

const OPTIONS: GetOrSetOptions<string> = { tags: ['early'] };
const LATE: GetOrSetOptions<string> = { tags: (value) => [`late:${value}`] };

type End = readonly [string, (cache: CacheService) => Promise<unknown>, GetOrSetOptions<string>];

/** What ends what is under way for key `k` of namespace `n`. */
const ENDS: readonly End[] = [
  ['delete', (cache) => inside(cache).delete('k'), OPTIONS],
  ['deleteMany', (cache) => inside(cache).deleteMany(['j', 'k']), OPTIONS],
  ['deletePattern', (cache) => inside(cache).deletePattern('k*'), OPTIONS],
  ['set to undefined', (cache) => inside(cache).set('k', undefined), OPTIONS],
  ['expire', (cache) => inside(cache).expire('k', '1h'), OPTIONS],
  ['invalidateTags', (cache) => cache.invalidateTags('early'), OPTIONS],
  ['invalidateTags of a tag that is told from the value', (cache) => cache.invalidateTags('late:old'), LATE],
  ['invalidate of the namespace', (cache) => inside(cache).invalidate(), OPTIONS],
  ['clear of the cache', (cache) => cache.clear(), OPTIONS],
];

const inside = (cache: CacheService): CacheNamespace => cache.namespace('n');

let at: Scene;
let kitchen: Kitchen;
beforeEach(() => {
  at = scene();
  kitchen = new Kitchen();
});

/** A factory is running for key `k` of namespace `n`. */
async function cooking(options = OPTIONS): Promise<{ readonly asked: Promise<string> }> {
  const asked = inside(at.cache).getOrSet('k', kitchen.factory, options);
  asked.catch(() => undefined);
  await kitchen.busy;
  return { asked };
}

describe.each(['this process', 'another process'])('while a factory runs, by %s:', (who) => {
  const changer = (): CacheService => (who === 'this process' ? at.cache : at.another().cache);

  it.each(ENDS)('%s wins: who has waited gets what was made, and it is not kept', async (_, end, options) => {
    const { asked } = await cooking(options);
    await end(changer());
    kitchen.serve('old');

    expect(await asked).toBe('old');
    expect(await inside(at.cache).has('k')).toBe(false);
  });

  it('a set wins', async () => {
    const { asked } = await cooking();
    await inside(changer()).set('k', 'new');
    kitchen.serve('old');

    expect(await asked).toBe('old');
    expect(await inside(at.cache).get('k')).toBe('new');
  });

  it('an increment wins', async () => {
    const { asked } = await cooking();
    await inside(changer()).increment('k');
    kitchen.serve('old');

    expect(await asked).toBe('old');
    expect(await inside(at.cache).get('k')).toBe(1);
  });
});

describe('who asks afterwards', () => {
  it.each(ENDS)('gets a new one, after %s', async (_, end, options) => {
    const { asked } = await cooking(options);
    await end(at.cache);
    const after = inside(at.cache).getOrSet('k', () => 'new', options);

    expect(await after).toBe('new');
    kitchen.serve('old');
    expect(await asked).toBe('old');
    expect(await inside(at.cache).get('k')).toBe('new');
  });

  it.each(ENDS)('gets a new one, without waiting for the answer to %s', async (_, end, options) => {
    const { asked } = await cooking(options);
    const ended = end(at.cache);
    const after = inside(at.cache).getOrSet('k', () => 'new', options);
    kitchen.serve('old');

    expect(await after).toBe('new');
    await ended;
    expect(await asked).toBe('old');
  });

  it.each(ENDS)('gets a new one, when the engine is slow with %s', async (_, end, options) => {
    const { asked } = await cooking(options);
    let release = (): void => undefined;
    at.troubles.slow = new Promise<void>((resolve) => (release = resolve));
    const ended = end(at.cache);
    const after = inside(at.cache).getOrSet('k', () => 'new', options);
    expect(await isPending(after)).toBe(true);
    release();
    kitchen.serve('old');

    expect(await after).toBe('new');
    await ended;
    await asked;
    expect(await inside(at.cache).get('k')).toBe('new');
  });
});

describe('while a factory runs', () => {
  const HARMLESS: readonly (readonly [string, (cache: CacheService) => Promise<unknown>])[] = [
    ['delete of another key', (cache) => inside(cache).delete('j')],
    ['delete of the same key elsewhere', (cache) => cache.delete('k')],
    ['delete of nothing', (cache) => inside(cache).deleteMany([])],
    ['a pattern that does not match', (cache) => inside(cache).deletePattern('j*')],
    ['a pattern elsewhere', (cache) => cache.deletePattern('*')],
    ['another tag', (cache) => cache.invalidateTags('other')],
    ['another namespace', (cache) => cache.namespace('m').invalidate()],
    ['a namespace in it', (cache) => inside(cache).namespace('k').invalidate()],
    ['another cache', () => at.registry.register('other', {}).clear()],
  ];
  it.each(HARMLESS)('%s does not matter', async (_, end) => {
    const { asked } = await cooking();
    await end(at.cache);
    kitchen.serve('made');

    expect(await asked).toBe('made');
    expect(await inside(at.cache).get('k')).toBe('made');
  });

  it('a set that is refused changes nothing', async () => {
    const { asked } = await cooking();
    await expect(inside(at.cache).set('k', () => 1)).rejects.toThrow(PayloadError);
    kitchen.serve('made');

    expect(await asked).toBe('made');
    expect(await inside(at.cache).get('k')).toBe('made');
  });

  it('a clear and a new value: the new one stays, whichever factory is the last to end', async () => {
    const { asked } = await cooking();
    await at.cache.clear();
    const second = new Kitchen();
    const after = inside(at.cache).getOrSet('k', second.factory);
    await second.busy;
    kitchen.serve('old');
    await asked;
    expect(await inside(at.cache).has('k')).toBe(false);
    second.serve('new');

    expect(await after).toBe('new');
    expect(await inside(at.cache).get('k')).toBe('new');
  });

  it('its failure does not reach who asked after a delete', async () => {
    const { asked } = await cooking();
    await inside(at.cache).delete('k');
    kitchen.burn(new Error('old failure'));
    const after = inside(at.cache).getOrSet('k', () => 'new', { errorTtl: '1h' });

    expect(await after).toBe('new');
    await expect(asked).rejects.toThrow('old failure');
    expect(await inside(at.cache).get('k')).toBe('new');
  });
});
