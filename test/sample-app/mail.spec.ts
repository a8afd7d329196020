import 'nestjs-depot/testing/jest';
import { describe, expect, test } from '@jest/globals';
import { MAILS_PER_SECOND, PostcardsShop } from './postcards.shop.js';

const reminder = (to: string, after = '0s'): object => ({ to, text: 'Write!', after });

describe('the mails of the sample app', () => {
  test('remind a week later, at the minute', async () => {
    const shop = await PostcardsShop.open();
    await shop.post('/reminders', reminder('ann@friends.example', '7d'));
    expect(shop.depot.queue('mail')).toHaveEnqueued('deliver', undefined, { delay: '7d', priority: 7 });

    await shop.depot.advance('167h');
    expect(shop.sent).toEqual([]);
    await shop.depot.advance('1h');
    expect(shop.sent).toMatchObject([{ to: 'ann@friends.example', text: 'Write!' }]);
  });

  test('leave no faster than the mail server bears', async () => {
    const shop = await PostcardsShop.open();
    for (const name of ['ann', 'bob', 'cleo', 'dora', 'emil']) {
      await shop.post('/reminders', reminder(`${name}@friends.example`));
    }
    await shop.depot.advance('0ms');
    expect(shop.sent).toHaveLength(MAILS_PER_SECOND);
    await shop.depot.advance('999ms');
    expect(shop.sent).toHaveLength(3);
    await shop.depot.advance('1s');
    expect(shop.sent).toHaveLength(5);
  });

  test('do not offer what is over', async () => {
    const shop = await PostcardsShop.open();
    await shop.post('/admin/queues/mail/pause');
    const offer = { to: 'ann@friends.example', text: 'Two for one.', validFor: '1h' };
    const { body } = await shop.post('/offers', offer);
    await shop.depot.advance('1h');
    await shop.post('/admin/queues/mail/resume');
    await shop.depot.drain();
    expect(shop.sent).toEqual([]);
    expect(await shop.get((body as { url: string }).url)).toMatchObject({ body: { state: 'expired' } });
  });

  test('that come back are told to each customer together, and a busy one holds up no other', async () => {
    const shop = await PostcardsShop.open();
    for (const name of ['kim', 'lea', 'max']) shop.refused.set(`${name}@gone.example`, 550);
    shop.refused.set('club@busy.example', 451);
    const order = { cityId: 'pt-lisbon', message: 'Hello' };
    const to = ['kim@gone.example', 'lea@gone.example'];
    await shop.post('/postcards/mailings', { ...order, to, customer: 'grand-hotel' });
    await shop.post('/postcards', { ...order, to: 'max@gone.example', customer: 'travel-club' });

    await shop.depot.advance('3s');
    expect(shop.sent).toMatchObject([
      { to: 'desk@grand-hotel.example', subject: '2 of your postcards came back' },
    ]);
    shop.refused.delete('club@busy.example');
    await shop.depot.advance('10s');
    expect(shop.sent.slice(1)).toMatchObject([
      { to: 'club@busy.example', text: expect.stringContaining('max@gone.example') },
    ]);
    const attempts = shop.depot.completed('notices').map(({ tags, attempt }) => [tags[0], attempt > 1]);
    expect(attempts).toEqual([
      ['grand-hotel', false],
      ['grand-hotel', false],
      ['travel-club', true],
    ]);
  });

  test('that died are sent after all, some at a time', async () => {
    const shop = await PostcardsShop.open();
    const names = ['ann', 'bob', 'cleo'];
    for (const name of names) {
      shop.refused.set(`${name}@full.example`, 452);
      await shop.post('/reminders', reminder(`${name}@full.example`));
    }
    await shop.depot.advance('1m');
    expect(shop.depot.queue('mail')).toHaveDied('deliver', undefined, { attempt: 4, times: 3 });

    shop.refused.clear();
    const mended = await shop.post('/admin/queues/mail/retry-dead', { name: 'deliver', perSecond: 1 });
    expect(mended).toMatchObject({ status: 200, body: { retried: 3 } });
    await shop.depot.advance('1s');
    expect(shop.sent).toHaveLength(2);
    await shop.depot.advance('1s');
    expect(shop.sent.map(({ to }) => to)).toEqual(names.map((name) => `${name}@full.example`));
  });
});
