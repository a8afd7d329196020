import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Ctx,
  HeldLock,
  Locked,
  LockConflictError,
  LockService,
  Payload,
  Processor,
  Task,
  TaskContext,
  type Lock,
} from 'nestjs-depot';
import { appModule, ENGINES, optionsFor, queueOf, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

interface Order {
  readonly id: string | null;
}

/** Whatever is outside. */
class Carrier {
  readonly sent: string[] = [];
  readonly tokens: (number | undefined)[] = [];

  async send(orderId: string, options: { readonly token?: number | undefined } = {}): Promise<void> {
    this.sent.push(orderId);
    this.tokens.push(options.token);
    return Promise.resolve();
  }
}

@Injectable()
class OrderService {
  constructor(private readonly carrier: Carrier) {}

  @Locked({ key: (orderId) => `order:${orderId}`, ttl: '10s', onConflict: 'throw' })
  async ship(orderId: string, @HeldLock() lock?: Lock): Promise<void> {
    await this.carrier.send(orderId, { token: lock?.fencingToken });
  }

  @Locked({ key: (from, to) => [`account:${from}`, `account:${to}`], wait: '5s' })
  async transfer(from: string, to: string): Promise<void> {
    await this.carrier.send(`${from} to ${to}`);
  }
}

@Processor('parcels')
class ParcelProcessor {
  constructor(private readonly carrier: Carrier) {}

  @Task({ attempts: 3 })
  @Locked({ key: ({ id }) => `order:${id}`, onConflict: 'defer', delay: '5s' })
  async pack(@Payload() order: Order, @Ctx() task: TaskContext, @HeldLock() lock?: Lock): Promise<void> {
    await this.carrier.send(`${order.id}, attempt ${task.attempt}`, { token: lock?.fencingToken });
  }
}

@Processor('orders', {
  concurrency: 20,
  locked: { key: (order: Order) => order.id, wait: '50ms', delay: '1s' },
})
class OrderProcessor {
  constructor(private readonly carrier: Carrier) {}

  @Task()
  async bill(order: Order, task: TaskContext): Promise<void> {
    task.signal.throwIfAborted(); // aborts, too, when the lock is lost
    await this.carrier.send(`bill for ${order.id}`);
  }
}

describe.each(ENGINES)('the examples of locked methods and tasks, %s', (engine) => {
  const open = async () => {
    const app = await startApp(
      appModule(optionsFor(engine), ['parcels', 'orders'], {
        providers: [Carrier, OrderService, ParcelProcessor, OrderProcessor],
      }),
    );
    return { app, locks: app.get(LockService), carrier: app.get(Carrier), orders: app.get(OrderService) };
  };

  it('an order is shipped by one at a time', async () => {
    const { locks, carrier, orders } = await open();
    const lock = await locks.acquire('order:7');
    await expect(orders.ship('7')).rejects.toThrow(LockConflictError);
    await lock.release();
    await orders.ship('7');

    expect(carrier.sent).toEqual(['7']);
    expect(carrier.tokens[0]).toBeGreaterThan(lock.fencingToken);
  });

  it('accounts are locked in whatever order', async () => {
    const { carrier, orders } = await open();
    await Promise.all([orders.transfer('1', '2'), orders.transfer('2', '1')]);

    expect(carrier.sent).toHaveLength(2);
  });

  it('a parcel whose order is taken is packed later', async () => {
    const { app, locks } = await open();
    const lock = await locks.acquire('order:7');
    const parcels = queueOf(app, 'parcels');
    const { id } = await parcels.add('pack', { id: '7' });
    await eventually(async () =>
      expect(await parcels.get(id)).toMatchObject({ state: 'delayed', attempt: 0 }),
    );
    await lock.release();
    await parcels.promote(id);

    await eventually(() => expect(app.get(Carrier).sent).toEqual(['7, attempt 1']));
  });

  it('a bill is written', async () => {
    const { app, carrier } = await open();
    await (await queueOf(app, 'orders').add('bill', { id: '7' })).result();
    await (await queueOf(app, 'orders').add('bill', { id: null })).result();

    expect(carrier.sent).toEqual(['bill for 7', 'bill for null']);
  });
});
