import 'nestjs-depot/testing/jest';
import { describe, expect, test } from '@jest/globals';
import { BACKLOG, PostcardsShop } from './postcards.shop.js';

const card = (to: string, more: object = {}): object => ({
  cityId: 'pt-lisbon',
  to,
  message: 'Hello',
  ...more,
});

describe('the postcards of the sample app', () => {
  test('are drawn and mailed, and a mailbox that is busy gets another try', async () => {
    const shop = await PostcardsShop.open();
    shop.refused.set('ann@friends.example', 451);
    expect(await shop.post('/postcards', card('ann@friends.example'))).toMatchObject({ status: 202 });

    await shop.depot.drain();
    expect(shop.depot.queue('postcards')).toHaveCompleted('render');
    expect(shop.sent).toEqual([]);

    shop.refused.clear();
    await shop.depot.advance('200ms');
    expect(shop.sent).toMatchObject([{ to: 'ann@friends.example', picture: { name: 'pt-lisbon.png' } }]);
    expect(shop.depot.queue('mail')).toHaveCompleted('deliver', undefined, { attempt: 2 });
  });

  test('are drawn in turns of customers, express ones first', async () => {
    const shop = await PostcardsShop.open();
    const to = ['first@hotel.example', 'second@hotel.example', 'third@hotel.example'];
    await shop.post('/postcards/mailings', { ...card(''), to, customer: 'grand-hotel' });
    await shop.post('/postcards', card('of@mia.example', { customer: 'mia' }));
    await shop.post('/postcards', card('express@guest.example', { express: true }));

    // The mails leave at their own rate.
    await shop.depot.advance('3s');
    expect(shop.sent).toHaveLength(5);
    expect(shop.depot.completed('postcards').map(({ payload }) => payload)).toMatchObject([
      { to: 'express@guest.example' },
      { to: 'first@hotel.example' },
      { to: 'of@mia.example' },
      { to: 'second@hotel.example' },
      { to: 'third@hotel.example' },
    ]);
  });

  test('of one customer do not fill the queue of the others', async () => {
    const shop = await PostcardsShop.open();
    const to = Array.from({ length: BACKLOG + 1 }, (_, i) => `guest${i}@hotel.example`);
    const mailing = await shop.post('/postcards/mailings', { ...card(''), to, customer: 'grand-hotel' });
    expect(mailing.body).toMatchObject({ accepted: { length: BACKLOG }, refused: to.slice(BACKLOG) });

    const another = await shop.post('/postcards', card('one@more.example', { customer: 'grand-hotel' }));
    expect(another).toMatchObject({ status: 503, retryAfter: '5', body: { code: 'DEPOT_QUEUE_FULL' } });
    expect(await shop.post('/postcards', card('of@mia.example', { customer: 'mia' }))).toMatchObject({
      status: 202,
    });
  });

  test('can be cancelled, once', async () => {
    const shop = await PostcardsShop.open();
    const { body } = await shop.post('/postcards', card('ann@friends.example'));
    const { url } = body as { url: string };
    expect(await shop.delete(url)).toMatchObject({ status: 204 });
    expect(await shop.delete(url)).toMatchObject({ status: 409 });
    expect(await shop.delete('/tasks/none')).toMatchObject({ status: 404 });

    await shop.depot.drain();
    expect(shop.sent).toEqual([]);
    expect(await shop.get(url)).toMatchObject({ body: { state: 'cancelled', attempt: 0 } });
  });
});
