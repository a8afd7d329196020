import type { PostcardsClient } from '../postcards.client.js';
import type { Story } from '../story.js';

const ASKED_AT_ONCE = 40;

/** A slow service that is asked once, and an answer that is not sent again to who has it. */
export async function checkCache(client: PostcardsClient, story: Story): Promise<void> {
  const asked = Array.from({ length: ASKED_AT_ONCE }, () =>
    client.get<{ cents: number; askedAt: string }>('/rates/pt'),
  );
  const rates = (await Promise.all(asked)).map(({ body }) => body);
  const times = new Set(rates.map(({ askedAt }) => askedAt));
  story.check(
    'a slow service is asked once',
    times.size === 1 && rates.every(({ cents }) => cents > 0),
    `${ASKED_AT_ONCE} asked for the rate at once, ${times.size} went to the post office`,
  );

  const path = '/cities/pt-porto';
  const { etag } = await client.get(path);
  const again = await client.getUnless(path, etag ?? '');
  story.check(
    'who has an answer already is not sent it again',
    etag !== null && again.status === 304 && again.body === '',
    `${again.status} for ETag ${etag ?? '(none)'}`,
  );
}
