import { describe, expect, test } from '@jest/globals';
import { Controller, Injectable, Scope } from '@nestjs/common';
import { HeldLock } from '../../../lib/lock/decorators/held-lock.decorator.js';
import { LockBinder } from '../../../lib/lock/decorators/lock-binder.service.js';
import { Locked } from '../../../lib/lock/decorators/locked.decorator.js';
import { LockConflictError } from '../../../lib/lock/lock.errors.js';
import { LockService } from '../../../lib/lock/lock.service.js';
import type { Lock } from '../../../lib/lock/lock.js';
import { createApp, nestLog } from './lock-app.js';

@Injectable()
class Orders {
  @Locked({ key: (id) => `order:${id}`, onConflict: 'throw' })
  async ship(id: number, @HeldLock() lock?: Lock): Promise<string | undefined> {
    return Promise.resolve(lock?.key ?? `${id} without`);
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedOrders extends Orders {}

@Injectable({ scope: Scope.TRANSIENT })
class TransientOrders extends Orders {}

@Controller()
class OrdersController extends Orders {}

@Injectable()
class FrozenOrders extends Orders {
  constructor() {
    super();
    Object.freeze(this);
  }
}

/** Its own method is not locked, and calls one that is. */
@Injectable()
class Calling extends Orders {
  override async ship(id: number): Promise<string | undefined> {
    return `calling: ${await super.ship(id)}`;
  }
}

/** Locked again, by a key that is the same or another one. */
@Injectable()
class LockedAgain extends Orders {
  @Locked({ key: (id) => (id === 1 ? 'order:1' : `own:${id}`), onConflict: 'throw' })
  override async ship(id: number, @HeldLock() lock?: Lock): Promise<string | undefined> {
    return `again: ${await super.ship(id, lock)}`;
  }
}

@Injectable()
class Topmost extends LockedAgain {
  override async ship(id: number): Promise<string | undefined> {
    return `top: ${await super.ship(id)}`;
  }
}

const find = {
  'a class': { provide: 'orders', useClass: Orders },
  'a class of requests': { provide: 'orders', useClass: ScopedOrders },
  'a transient class': { provide: 'orders', useClass: TransientOrders },
  'a factory': { provide: 'orders', useFactory: () => new Orders() },
  'an async factory': { provide: 'orders', useFactory: () => Promise.resolve(new Orders()) },
  'a value': { provide: 'orders', useValue: new Orders() },
  'a frozen value': { provide: 'orders', useValue: Object.freeze(new Orders()) },
  'a class that freezes itself': { provide: 'orders', useClass: FrozenOrders },
};

describe('a locked method', () => {
  test.each(Object.entries(find))('works on a provider from %s', async (_, provider) => {
    const app = await createApp([provider]);
    const orders = await app.resolve<Orders>('orders').catch(() => app.get<Orders>('orders'));
    await app.get(LockService).acquire('order:2');

    expect(await orders.ship(1)).toBe('order:1');
    await expect(orders.ship(2)).rejects.toThrow(LockConflictError);
  });

  test('works on a controller', async () => {
    const app = await createApp([], { controllers: [OrdersController] });

    expect(await app.get(OrdersController).ship(1)).toBe('order:1');
  });

  test('belongs to the application of its object', async () => {
    const [one, other] = [await createApp([Orders]), await createApp([Orders])];
    await one.get(LockService).acquire('order:1');

    await expect(one.get(Orders).ship(1)).rejects.toThrow(LockConflictError);
    expect(await other.get(Orders).ship(1)).toBe('order:1');
  });

  test('is called up from an override that is not locked', async () => {
    const app = await createApp([Calling]);
    const lock = await app.get(LockService).acquire('order:1');
    await expect(app.get(Calling).ship(1)).rejects.toThrow(LockConflictError);
    await lock.release();

    expect(await app.get(Calling).ship(1)).toBe('calling: order:1');
  });

  test.each([LockedAgain, Topmost])('runs under the lock of an override that is: %p', async (type) => {
    const app = await createApp([type]);
    const orders: Orders = app.get(type);
    const top = type === Topmost ? 'top: ' : '';
    expect([await orders.ship(1), await orders.ship(2)]).toEqual([
      `${top}again: order:1`,
      `${top}again: own:2`,
    ]);
    const locks = app.get(LockService);
    await locks.acquire('own:2');
    await expect(orders.ship(2)).rejects.toThrow(LockConflictError);
    await locks.acquire('order:3');

    expect(await orders.ship(3)).toBe(`${top}again: own:3`);
  });

  test('may be bound again', async () => {
    const app = await createApp([Orders]);
    app.get(LockBinder).bind();

    expect(await app.get(Orders).ship(1)).toBe('order:1');
  });

  test('runs without an application, and says so once', async () => {
    const log = nestLog();
    class Lonely {
      @Locked({ key: 'k' })
      async run(): Promise<number> {
        return Promise.resolve(1);
      }

      @Locked({ key: 'k' })
      async walk(): Promise<number> {
        return this.run();
      }
    }
    const lonely = new Lonely();

    expect([await lonely.run(), await lonely.run(), await lonely.walk()]).toEqual([1, 1, 1]);
    expect(log.warnings).toEqual([
      expect.stringMatching(/^@Locked on Lonely\.run ran without a lock: DepotModule is not imported/),
      expect.stringMatching(/^@Locked on Lonely\.walk ran without a lock/),
    ]);
  });

  test('says nothing where it has one', async () => {
    const log = nestLog();
    await (await createApp([Orders])).get(Orders).ship(1);

    expect(log.warnings).toEqual([]);
  });
});
