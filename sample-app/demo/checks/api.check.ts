import type { PostcardsClient } from '../postcards.client.js';
import type { Story } from '../story.js';

/** What the API answers at once: cached cities, clear errors, its own description. */
export async function checkApi(client: PostcardsClient, story: Story): Promise<void> {
  const first = await client.get<{ name: string; readAt: string }>('/cities/pt-lisbon');
  const second = await client.get<{ name: string; readAt: string }>('/cities/pt-lisbon');
  const cached = first.body.name === 'Lisbon' && first.body.readAt === second.body.readAt;
  story.check('a city is read once, then cached', cached, `both answers read at ${second.body.readAt}`);

  const order = { cityId: 'pt-lisbon', to: 'ann@friends.example', message: 'Hello' };
  const mistakes = [
    ['an unknown city', 404, await client.get('/cities/xx-atlantis')],
    [
      'a postcard of an unknown city',
      404,
      await client.post('/postcards', { ...order, cityId: 'xx-atlantis' }),
    ],
    ['an unknown task', 404, await client.get('/tasks/no-such-task')],
    ['a wrong address', 400, await client.post('/postcards', { ...order, to: 'ann' })],
    ['a field too many', 400, await client.post('/postcards', { ...order, stamp: 1 })],
    ['an unknown customer', 400, await client.post('/postcards', { ...order, customer: 'nobody' })],
    ['an administrator without key', 401, await client.post('/admin/queues/mail/pause', {})],
    ['an unknown edition', 404, await client.post('/editions/none/orders', { buyer: 'Ann' })],
  ] as const;
  for (const [mistake, expected, { status, body }] of mistakes) {
    const { message } = body as { message?: string | string[] };
    story.check(`${mistake} gets a ${expected}`, status === expected, `${status}: ${String(message)}`);
  }

  const { body: docs } = await client.get<{ paths: object }>('/docs-json');
  const paths = Object.keys(docs.paths);
  const described = ['/postcards', '/tasks/{id}', '/reports', '/admin/queues/{queue}/tasks'].every((path) =>
    paths.includes(path),
  );
  story.check('the API describes itself at /docs', described, `${paths.length} paths`);
}
