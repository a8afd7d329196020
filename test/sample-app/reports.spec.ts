import 'nestjs-depot/testing/jest';
import { describe, expect, test } from '@jest/globals';
import { PostcardsShop } from './postcards.shop.js';

const idOf = ({ body }: { body: unknown }): string => (body as { id: string }).id;

describe('the reports of the sample app', () => {
  test('are the same for a minute, in whatever order the countries are named', async () => {
    const shop = await PostcardsShop.open();
    const order = (countries: string[]) => shop.post('/reports', { from: 'pt-porto', countries });
    const first = idOf(await order(['PT', 'ES']));
    expect(idOf(await order(['ES', 'PT']))).toBe(first);
    expect(idOf(await order(['PT']))).not.toBe(first);

    await shop.depot.advance('61s');
    expect(shop.depot.queue('reports')).toHaveCompleted('distances', undefined, { id: first });
    expect(idOf(await order(['PT', 'ES']))).not.toBe(first);
  });

  test('are announced to who waits for them', async () => {
    const shop = await PostcardsShop.open();
    await shop.post('/reports', { from: 'pt-porto', notify: 'ann@friends.example' });
    await shop.post('/reports', { from: 'pt-lisbon' });
    await shop.depot.drain();
    expect(shop.sent).toMatchObject([
      { to: 'ann@friends.example', text: expect.stringContaining('All 2 cities') },
    ]);
  });

  test('stop when they are cancelled', async () => {
    const shop = await PostcardsShop.open();
    const id = idOf(await shop.post('/reports', { from: 'pt-porto', restMs: 1_000 }));
    const drained = shop.depot.drain({ timeout: '20s' });
    const reports = shop.depot.queue('reports');
    await new Promise<void>((resolve) => reports.on('progress', () => resolve()));
    expect(await shop.delete(`/tasks/${id}`)).toMatchObject({ status: 204 });
    await drained;
    expect(await shop.get(`/tasks/${id}`)).toMatchObject({ body: { state: 'cancelled' } });
  });
});
