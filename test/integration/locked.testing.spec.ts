import { afterEach, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { DepotModule, Locked, LockService, Processor, Task } from 'nestjs-depot';
import { DepotTesting } from 'nestjs-depot/testing';
import 'nestjs-depot/testing/jest';

interface Order {
  readonly id: number;
}

@Processor('orders', { locked: { key: (order: Order) => `${order.id}`, wait: 0, delay: '1m' } })
class OrderProcessor {
  readonly shipped: number[] = [];

  @Task()
  async ship({ id }: Order): Promise<void> {
    this.shipped.push(id);
    return Promise.resolve();
  }
}

@Processor('parcels')
class ParcelProcessor {
  @Task({ attempts: 1 })
  @Locked({ key: ({ id }) => `parcel:${id}`, onConflict: 'defer', delay: '1h' })
  async send({ id }: Order): Promise<number> {
    return Promise.resolve(id);
  }
}

@Module({
  imports: [
    DepotModule.forRoot({ logger: false }),
    DepotModule.registerQueue({ name: 'orders' }),
    DepotModule.registerQueue({ name: 'parcels' }),
  ],
  providers: [OrderProcessor, ParcelProcessor],
})
class AppModule {}

let depot: DepotTesting;

afterEach(() => depot.close());

const start = async (): Promise<LockService> => {
  depot = await DepotTesting.create({ imports: [AppModule] });
  return depot.get(LockService);
};

it('a deferred task follows the clock of the test kit', async () => {
  const locks = await start();
  const lock = await locks.acquire('parcel:1', { ttl: '10h' });
  await depot.queue('parcels').add('send', { id: 1 });
  await depot.drain();
  expect(depot.queue('parcels')).toHaveEnqueued('send', { id: 1 });
  expect(depot.enqueued('parcels')).toMatchObject([{ state: 'delayed', attempt: 0 }]);

  await depot.advance('3h');
  expect(depot.enqueued('parcels')).toMatchObject([{ state: 'delayed', attempt: 0 }]);
  await lock.release();
  await depot.advance('2h');
  expect(depot.queue('parcels')).toHaveCompleted('send', { id: 1 }, { result: 1, attempt: 1 });
});

it('so does one of a class that is locked', async () => {
  const locks = await start();
  await locks.acquire('task:orders:1', { ttl: '10m', renew: false });
  await depot.queue('orders').add('ship', { id: 1 });
  await depot.queue('orders').add('ship', { id: 2 });
  await depot.drain();
  expect(depot.get(OrderProcessor).shipped).toEqual([2]);

  await depot.advance('5m');
  expect(depot.get(OrderProcessor).shipped).toEqual([2]);
  await depot.advance('8m');
  expect(depot.get(OrderProcessor).shipped).toEqual([2, 1]);
  expect(depot.queue('orders')).toHaveCompleted('ship', { id: 1 }, { attempt: 1 });
});

it('tasks that wait for each other are run to the end', async () => {
  await start();
  for (let n = 0; n < 5; n++) await depot.queue('parcels').add('send', { id: 1 });
  await depot.advance('1d');

  expect(depot.completed('parcels')).toHaveLength(5);
});
