import { describe, expect, test } from '@jest/globals';
import { Injectable, type Type } from '@nestjs/common';
import { DepotConfigError } from '../../../lib/common/errors.js';
import { HeldLock } from '../../../lib/lock/decorators/held-lock.decorator.js';
import { Locked } from '../../../lib/lock/decorators/locked.decorator.js';
import { LockLostError } from '../../../lib/lock/lock.errors.js';
import { LockService } from '../../../lib/lock/lock.service.js';
import { Lock } from '../../../lib/lock/lock.js';
import { ManualClock } from '../../support/manual-clock.js';
import { createApp, nestLog } from './lock-app.js';

const keys: unknown[][] = [];

@Injectable()
class Stock {
  @Locked({
    key: (...args) => {
      keys.push(args);
      return `stock:${args[0]}`;
    },
  })
  async sell(sku: string, @HeldLock() lock?: Lock, count = 1): Promise<unknown[]> {
    return Promise.resolve([sku, lock, count, lock?.held]);
  }

  @Locked({ key: 'k' })
  async last(one?: string, two?: string, @HeldLock() lock?: Lock): Promise<unknown[]> {
    return Promise.resolve([one, two, lock?.key]);
  }

  @Locked({ key: 'k', ttl: '3s', renew: false })
  async long(@HeldLock() lock?: Lock): Promise<unknown> {
    const clock = Stock.clock;
    await clock.advance(3_100);
    return lock?.signal.reason;
  }

  static clock = new ManualClock();
}

const lost = (definition: () => Type): (() => unknown) => definition;

describe('@HeldLock()', () => {
  test('gives the method its lock, and leaves the other arguments', async () => {
    const stock = (await createApp([Stock])).get(Stock);
    const [sku, lock, count, held] = await stock.sell('a', undefined, 3);

    expect([sku, count, held]).toEqual(['a', 3, true]);
    expect(lock).toBeInstanceOf(Lock);
    expect(lock).toMatchObject({ key: 'stock:a', held: false });
    expect(await stock.sell('a')).toMatchObject(['a', { key: 'stock:a' }, 1, true]);
  });

  test('takes the place of what stands there', async () => {
    const app = await createApp([Stock]);
    const another = await app.get(LockService).acquire('another');

    expect(await app.get(Stock).sell('a', another)).toMatchObject(['a', { key: 'stock:a' }, 1, true]);
  });

  test('stands behind arguments that are left out', async () => {
    expect(await (await createApp([Stock])).get(Stock).last('one')).toEqual(['one', undefined, 'k']);
  });

  test('keys are told from what the caller gave', async () => {
    keys.length = 0;
    await (await createApp([Stock])).get(Stock).sell('a');

    expect(keys).toEqual([['a']]);
  });

  test('its token grows with every call', async () => {
    const stock = (await createApp([Stock])).get(Stock);
    const tokens = [];
    for (let call = 0; call < 3; call++) {
      const [, lock] = await stock.sell('a');
      tokens.push((lock as Lock).fencingToken);
    }

    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    expect(new Set(tokens).size).toBe(3);
  });

  test('its signal aborts when the lock is lost while the method runs', async () => {
    const stock = (await createApp([Stock], { clock: Stock.clock })).get(Stock);

    expect(await stock.long()).toBeInstanceOf(LockLostError);
  });

  test('without an application it is what the caller gives', async () => {
    nestLog();
    const lock = { held: true } as Lock;

    expect(await new Stock().sell('a', lock)).toEqual(['a', lock, 1, true]);
    expect(await new Stock().sell('a')).toEqual(['a', undefined, 1, undefined]);
  });

  test('without @Locked() it stops the application from starting', async () => {
    @Injectable()
    class Careless {
      async sell(@HeldLock() _lock?: Lock): Promise<void> {}
    }
    @Injectable()
    class Inheriting extends Careless {}

    for (const type of [Careless, Inheriting]) {
      const started = createApp([type]);
      await expect(started).rejects.toThrow(DepotConfigError);
      await expect(started).rejects.toThrow(
        '@HeldLock() in Careless.sell: the method has no @Locked(); expected both',
      );
    }
  });

  test.each([
    [
      'a constructor',
      lost(() => {
        class Misplaced {
          constructor(@HeldLock() readonly lock: Lock) {}
        }
        return Misplaced;
      }),
    ],
    [
      'a static method',
      lost(() => {
        class Misplaced {
          static async sell(@HeldLock() _lock?: Lock): Promise<void> {}
        }
        return Misplaced;
      }),
    ],
  ])('on a parameter of %s is an error when the class is defined', (_, define) => {
    expect(define).toThrow(DepotConfigError);
    expect(define).toThrow(
      '@HeldLock() in Misplaced: expected a parameter of a @Locked() method of an instance',
    );
  });
});
