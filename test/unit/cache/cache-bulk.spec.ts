import { beforeEach, describe, expect, it } from '@jest/globals';
import { PayloadError } from '../../../lib/common/errors.js';
import { scene, type Scene } from './cache.scene.js';

let at: Scene;
beforeEach(() => void (at = scene()));

describe('many', () => {
  it('are set with the same options, in one round trip', async () => {
    expect(
      await at.cache.setMany(
        new Map([
          ['a', 1],
          ['b', null],
        ]),
        { ttl: 10, nullTtl: 20, tags: ['t'] },
      ),
    ).toBe(true);

    expect(at.troubles.asked).toEqual(['write']);
    expect([await at.cache.ttl('a'), await at.cache.ttl('b')]).toEqual([10, 20]);
    await at.cache.invalidateTags(['t']);
    expect(await at.cache.getMany(['a', 'b'])).toEqual([undefined, undefined]);
  });

  it('that are undefined leave nothing', async () => {
    await at.cache.setMany([
      ['a', 1],
      ['b', 2],
    ]);

    expect(
      await at.cache.setMany([
        ['a', undefined],
        ['b', 3],
      ]),
    ).toBe(true);
    expect(await at.cache.getMany(['a', 'b'])).toEqual([undefined, 3]);
  });

  it('of a key that is named twice: the last one counts, whatever it is', async () => {
    await at.cache.setMany([
      ['a', 1],
      ['a', undefined],
      ['b', undefined],
      ['b', 1],
      ['c', 1],
      ['c', 2],
    ]);

    expect(await at.cache.getMany(['a', 'b', 'c'])).toEqual([undefined, 1, 2]);
  });

  it('are all refused when one of them is', async () => {
    await expect(
      at.cache.setMany([
        ['a', 1],
        ['b', () => 1],
      ]),
    ).rejects.toThrow(PayloadError);

    expect(await at.cache.has('a')).toBe(false);
  });

  it('that are none are stored without asking', async () => {
    expect(await at.cache.setMany([])).toBe(true);
    expect(await at.cache.deleteMany([])).toBe(0);
    expect(await at.cache.getMany([])).toEqual([]);
    expect(at.troubles.asked).toEqual([]);
  });

  it('are read in order, whatever is there, in one round trip', async () => {
    at.troubles.blind = true;
    await at.cache.setMany([
      ['a', 1],
      ['b', null],
    ]);
    at.troubles.asked.length = 0;

    expect(await at.cache.getMany(['c', 'b', 'a', 'b'])).toEqual([undefined, null, 1, null]);
    expect(at.troubles.asked).toEqual(['readMany']);
  });

  it('that are known here are not asked for', async () => {
    await at.cache.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    at.troubles.asked.length = 0;

    expect(await at.cache.getMany(['a', 'b'])).toEqual([1, 2]);
    expect(at.troubles.asked).toEqual([]);
  });

  it('are not read when they are stale', async () => {
    await at.cache.setMany([['a', 1]], { ttl: 10, grace: '1h' });
    at.clock.jump(10);

    expect(await at.cache.getMany(['a'])).toEqual([undefined]);
    at.troubles.blind = true;
    expect(await at.cache.getMany(['a'])).toEqual([undefined]);
  });

  it('are deleted, each counted once', async () => {
    await at.cache.setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);

    expect(await at.cache.deleteMany(['a', 'b', 'a', 'x'])).toBe(2);
    expect(await at.cache.getMany(['a', 'b', 'c'])).toEqual([undefined, undefined, 3]);
  });
});
