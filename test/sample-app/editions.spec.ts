import 'nestjs-depot/testing/jest';
import { describe, expect, jest, test } from '@jest/globals';
import { LockService, StaleTokenError } from 'nestjs-depot';
import { EditionsService } from '../../sample-app/editions/editions.service.js';
import { SalesBook } from '../../sample-app/editions/sales.book.js';
import type { EditionsProcessor } from '../../sample-app/editions/editions.processor.js';
import { Deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { PostcardsShop } from './postcards.shop.js';

const TILES = '/editions/blue-tiles';

describe('the editions of the sample app', () => {
  test('are sold while there are copies, and their summary follows the last sale', async () => {
    const shop = await PostcardsShop.open({ concurrency: 2 });
    const answers = Promise.all(
      Array.from({ length: 7 }, (_, i) => shop.post(`${TILES}/orders`, { buyer: `buyer ${i % 3}` })),
    );
    await eventually(() => expect(shop.depot.enqueued('editions', 'sell')).toHaveLength(7));
    await shop.depot.drain();
    const statuses = (await answers).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 201, 201, 201, 201, 409, 409]);
    expect(await shop.get(TILES)).toMatchObject({ body: { left: 0 } });
    expect(await shop.get(`${TILES}/summary`)).toMatchObject({ body: { sold: 5, buyers: 3 } });
  });

  test('have a summary that misses no sale, not even one that is made while it is written', async () => {
    const shop = await PostcardsShop.open({ concurrency: 2 });
    const editions = shop.depot.get(EditionsService);
    const [begun, end] = [new Deferred<undefined>(), new Deferred<undefined>()];
    const summarise = editions.summarise.bind(editions);
    jest.spyOn(editions, 'summarise').mockImplementationOnce(async (id) => {
      const summary = await summarise(id);
      begun.resolve(undefined);
      await end.promise;
      return summary;
    });
    await shop.depot
      .queue<EditionsProcessor>('editions')
      .add('sell', { editionId: 'blue-tiles', buyer: 'Ann' });
    const drained = shop.depot.drain();
    await begun.promise;
    const second = await shop.post(`${TILES}/orders`, { buyer: 'Bob' });
    end.resolve(undefined);
    await drained;
    expect(second).toMatchObject({ status: 201, body: { number: 2 } });
    expect(await shop.get(`${TILES}/summary`)).toMatchObject({ body: { sold: 2, buyers: 2 } });
  });

  test('are not sold behind the back of a buyer who was not served in time', async () => {
    const shop = await PostcardsShop.open({ concurrency: 2 });
    const answer = shop.post(`${TILES}/orders`, { buyer: 'Ann' });
    await eventually(() => expect(shop.depot.queue('editions')).toHaveEnqueued('sell'));
    await shop.post('/admin/queues/editions/pause');
    await shop.depot.advance('10s');
    expect(await answer).toMatchObject({ status: 503, body: { code: 'DEPOT_TASK_EXPIRED' } });

    await shop.post('/admin/queues/editions/resume');
    await shop.depot.drain();
    expect(await shop.get(TILES)).toMatchObject({ body: { left: 5 } });
  });

  const sellAll = (editions: EditionsService): Promise<unknown[]> =>
    Promise.all(Array.from({ length: 20 }, (_, n) => editions.sell('blue-tiles', `order ${n}`, 'Ann')));

  test('are oversold by who sells them without the lock', async () => {
    const shop = await PostcardsShop.open();
    // Nest has not made it, so it has no locks.
    const editions = new EditionsService(shop.depot.get(SalesBook));

    const sold = (await sellAll(editions)).filter((sale) => sale !== null);
    expect(sold.length).toBeGreaterThan(5);
  });

  test('are sold one at a time under the lock', async () => {
    const shop = await PostcardsShop.open();

    const sold = (await sellAll(shop.depot.get(EditionsService))).filter((sale) => sale !== null);
    expect(sold).toEqual([1, 2, 3, 4, 5].map((number) => expect.objectContaining({ number })));
  });

  test('are not sold by who has lost the lock', async () => {
    const shop = await PostcardsShop.open();
    const book = shop.depot.get(SalesBook);
    const lost = await shop.depot.get(LockService).acquire('edition:blue-tiles', { renew: false, ttl: '5s' });
    await shop.depot.advance('5s');
    await shop.depot.get(EditionsService).sell('blue-tiles', 'order', 'Ann');

    expect(lost.held).toBe(false);
    await expect(book.write('blue-tiles', [], lost.fencingToken)).rejects.toThrow(StaleTokenError);
    expect(await book.read('blue-tiles')).toHaveLength(1);
  });
});
