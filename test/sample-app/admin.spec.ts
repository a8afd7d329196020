import 'nestjs-depot/testing/jest';
import { describe, expect, test } from '@jest/globals';
import { PostcardsShop } from './postcards.shop.js';

const CARD = { cityId: 'pt-lisbon', to: 'ann@friends.example', message: 'Hello' };

describe('the administration of the sample app', () => {
  test('is for who has the key', async () => {
    const shop = await PostcardsShop.open();
    for (const key of [undefined, '', 'a wrong one']) {
      shop.key = key;
      expect(await shop.get('/admin/queues')).toMatchObject({ status: 401 });
      expect(await shop.post('/admin/queues/mail/pause')).toMatchObject({ status: 401 });
      expect(await shop.post('/admin/tasks/any/retry')).toMatchObject({ status: 401 });
    }
    expect(await shop.depot.queue('mail').isPaused()).toBe(false);
  });

  test('pauses a queue, or one name in it, and tells so', async () => {
    const shop = await PostcardsShop.open();
    expect(await shop.post('/admin/queues/mail/pause')).toMatchObject({ status: 204 });
    await shop.post('/admin/queues/postcards/pause', { name: 'render' });
    expect((await shop.get('/admin/queues')).body).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ queue: 'mail', paused: true, pausedNames: [] }),
        expect.objectContaining({ queue: 'postcards', paused: false, pausedNames: ['render'] }),
      ]),
    );
    await shop.post('/admin/queues/mail/resume');
    await shop.post('/admin/queues/postcards/resume', { name: 'render' });
    await shop.post('/postcards', CARD);
    await shop.depot.drain();
    expect(shop.sent).toMatchObject([{ to: CARD.to }]);
  });

  test('finds tasks page by page, without showing what they are about', async () => {
    const shop = await PostcardsShop.open();
    for (const customer of ['mia', 'grand-hotel', 'mia'])
      await shop.post('/postcards', { ...CARD, customer });
    const path = '/admin/queues/postcards/tasks?state=waiting&state=delayed&tag=mia&limit=1';
    const first = (await shop.get(path)).body as { tasks: object[]; cursor: string };
    const rest = (await shop.get(`${path}&cursor=${encodeURIComponent(first.cursor)}`)).body;
    expect(first.tasks).toMatchObject([{ name: 'render', state: 'waiting', group: 'mia' }]);
    expect(rest).toMatchObject({ tasks: [{ group: 'mia' }] });
    expect(JSON.stringify([first, rest])).not.toContain(CARD.to);
  });

  test.each([
    ['/admin/queues/none/tasks', 404],
    ['/admin/queues/mail/tasks?limit=0', 400],
    ['/admin/queues/mail/tasks?state=gone', 400],
    ['/admin/queues/mail/tasks?since=yesterday', 400],
    ['/admin/queues/mail/tasks?cursor=made-up', 400],
    ['/admin/queues/mail/tasks?colour=red', 400],
  ])('answers GET %s with %i', async (path, status) => {
    const shop = await PostcardsShop.open();
    expect(await shop.get(path)).toMatchObject({ status });
  });

  test('begins a task anew or sooner, where its state allows it', async () => {
    const shop = await PostcardsShop.open();
    const { body } = await shop.post('/reminders', { to: CARD.to, text: 'Write!', after: '7d' });
    const { id } = body as { id: string };
    expect(await shop.post(`/admin/tasks/${id}/retry`)).toMatchObject({ status: 409 });
    expect(await shop.post(`/admin/tasks/${id}/promote`)).toMatchObject({ status: 204 });
    await shop.depot.drain();
    expect(await shop.post(`/admin/tasks/${id}/promote`)).toMatchObject({ status: 409 });
    expect(await shop.post(`/admin/tasks/${id}/retry`)).toMatchObject({ status: 204 });
    await shop.depot.drain();
    expect(shop.sent).toHaveLength(2);
    expect(await shop.post('/admin/tasks/none/retry')).toMatchObject({ status: 404 });
  });

  test('is described at /docs', async () => {
    const shop = await PostcardsShop.open();
    const { paths } = (await shop.get('/docs-json')).body as { paths: Record<string, object> };
    expect(paths).toMatchObject({
      '/admin/queues/{queue}/retry-dead': { post: { tags: ['admin'] } },
      '/admin/queues/{queue}/tasks': { get: { parameters: expect.any(Array) } },
      '/tasks/{id}': { delete: { responses: { 204: {}, 404: {}, 409: {} } } },
    });
  });
});
