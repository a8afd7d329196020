import { beforeEach, describe, expect, it } from '@jest/globals';
import { counter, HOUR, Kitchen, MINUTE, never, scene, SECOND, type Scene } from './cache.scene.js';

const GRACE = { ttl: '1m', grace: '1h' } as const;

let at: Scene;
beforeEach(() => void (at = scene()));

/** A value that is stale, and will be for an hour. */
async function stale(value: unknown = 'old'): Promise<void> {
  await at.cache.set('k', value, GRACE);
  await at.clock.advance(MINUTE);
}

describe('a stale value', () => {
  it('is served at once while one refresh runs, however many ask', async () => {
    await stale();
    const kitchen = new Kitchen();
    const asked = Array.from({ length: 50 }, () => at.cache.getOrSet('k', kitchen.factory, GRACE));

    expect(new Set(await Promise.all(asked))).toEqual(new Set(['old']));
    await kitchen.busy;
    expect(kitchen.calls).toBe(1);
    kitchen.serve('new');
    await at.clock.advance(0);
    expect(await at.cache.get('k')).toBe('new');
    expect(await at.cache.getOrSet('k', never, GRACE)).toBe('new');
  });

  it('is served elsewhere, too, and refreshed once for all', async () => {
    await stale();
    const kitchen = new Kitchen();
    const processes = [at, at.another(), at.another()];
    for (const { cache } of processes) expect(await cache.getOrSet('k', kitchen.factory, GRACE)).toBe('old');
    await at.clock.advance(0);

    expect(kitchen.calls).toBe(1);
    kitchen.serve('new');
    await at.clock.advance(0);
    for (const { cache } of processes) expect(await cache.getOrSet('k', never, GRACE)).toBe('new');
  });

  it('is told to the factory, as a copy', async () => {
    await stale({ n: 1 });
    let told: unknown;
    await at.cache.getOrSet<{ n: number }>(
      'k',
      (context) => {
        const { stale: old } = context;
        if (old) old.n = 7;
        told = context.stale;
        throw new Error('no luck');
      },
      GRACE,
    );
    await at.clock.advance(0);

    expect(told).toEqual({ n: 1 });
    expect(await at.cache.getOrSet('k', never, GRACE)).toEqual({ n: 1 });
  });

  it('may be null', async () => {
    await stale(null);

    expect(await at.cache.getOrSet<string | null>('k', () => 'new', GRACE)).toBeNull();
  });

  it('is not served by what asks for fresh ones', async () => {
    await stale();

    expect(await at.cache.get('k')).toBeUndefined();
    expect(at.cache.peek('k')).toBeUndefined();
    expect(await at.cache.has('k')).toBe(false);
    expect(await at.cache.ttl('k')).toBeUndefined();
    expect(await at.cache.getMany(['k'])).toEqual([undefined]);
  });

  it('is not served to a call without grace, nor with less', async () => {
    await stale();
    await at.clock.advance(MINUTE);

    expect(await at.cache.getOrSet('k', () => 'new', { grace: '2m' })).toBe('old');
    await at.clock.advance(0);
    await stale();
    expect(await at.cache.getOrSet('k', () => 'newer')).toBe('newer');
    await stale();
    await at.clock.advance(MINUTE);
    expect(await at.cache.getOrSet('k', () => 'newest', { grace: '1m' })).toBe('newest');
  });

  it('is gone after the grace that it was stored with, whatever the call says', async () => {
    await at.cache.set('k', 'old', GRACE);
    await at.clock.advance(MINUTE + HOUR - 1);
    expect(
      await at.cache.getOrSet(
        'k',
        () => {
          throw new Error('no luck');
        },
        { grace: '10h' },
      ),
    ).toBe('old');
    await at.clock.advance(1);

    await expect(
      at.cache.getOrSet(
        'k',
        () => {
          throw new Error('no luck');
        },
        { grace: '10h' },
      ),
    ).rejects.toThrow('no luck');
  });

  it('has the grace of the cache by default', async () => {
    at = scene({ grace: '1h', ttl: '1m' });
    await at.cache.set('k', 'old');
    await at.clock.advance(MINUTE);

    expect(await at.cache.getOrSet('k', () => 'new')).toBe('old');
    await at.clock.advance(0);
    expect(await at.cache.getOrSet('k', never)).toBe('new');
  });

  it('stays when the refresh brings undefined', async () => {
    await stale();
    await at.cache.getOrSet<string | undefined>('k', () => undefined, GRACE);
    await at.clock.advance(0);

    expect(await at.cache.getOrSet('k', () => 'new', GRACE)).toBe('old');
  });

  it('loses to a set while it is refreshed', async () => {
    await stale();
    const kitchen = new Kitchen();
    await at.cache.getOrSet('k', kitchen.factory, GRACE);
    await kitchen.busy;
    await at.cache.set('k', 'set');
    kitchen.serve('new');
    await at.clock.advance(0);

    expect(await at.cache.get('k')).toBe('set');
  });

  it('is gone when it was deleted while it is refreshed, and the refresh does not land', async () => {
    await stale();
    const kitchen = new Kitchen();
    await at.cache.getOrSet('k', kitchen.factory, GRACE);
    await kitchen.busy;
    await at.cache.delete('k');
    kitchen.serve('old again');
    await at.clock.advance(0);

    expect(await at.cache.getOrSet('k', () => 'new', GRACE)).toBe('new');
  });
});

describe('a refresh that fails', () => {
  const refused = (factory: () => number) => (): never => {
    throw new Error(`no luck ${factory()}`);
  };

  it('leaves the stale value, and is tried again after a second', async () => {
    await stale();
    const factory = counter();
    const ask = async (): Promise<void> => {
      expect(await at.cache.getOrSet('k', refused(factory), GRACE)).toBe('old');
      await at.clock.advance(0);
    };
    await ask();
    await ask();
    await at.clock.advance(SECOND - 1);
    await ask();
    expect(factory.calls).toBe(1);
    await at.clock.advance(1);
    await ask();
    await ask();

    expect(factory.calls).toBe(2);
  });

  it('rests for everybody who has the namespace, not for the same key elsewhere', async () => {
    const factory = counter();
    const names = ['a', 'a', 'b'];
    for (const name of names) await at.cache.namespace(name).set('k', 'old', GRACE);
    await at.clock.advance(MINUTE);
    for (const name of names) {
      expect(await at.cache.namespace(name).getOrSet('k', refused(factory), GRACE)).toBe('old');
      await at.clock.advance(0);
    }

    expect(factory.calls).toBe(2);
  });

  it('is no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    await stale();
    await at.cache.getOrSet('k', refused(counter()), GRACE);
    await at.clock.advance(SECOND);
    process.off('unhandledRejection', note);

    expect(unhandled).toEqual([]);
  });

  it('fails the call when there is no grace left', async () => {
    await stale();
    await at.clock.advance(HOUR);

    await expect(at.cache.getOrSet('k', refused(counter()), GRACE)).rejects.toThrow('no luck 1');
  });
});
