import { EDITIONS, type Edition } from '../../editions/edition.js';
import type { PostcardsClient } from '../postcards.client.js';
import type { Stage } from '../stage.js';
import type { Story } from '../story.js';
import { until } from '../until.js';
import { checkSummary } from './summary.check.js';

/** Orders more copies of an edition than there are, all at once. @returns how many orders there were */
export async function checkEdition(client: PostcardsClient, stage: Stage, story: Story): Promise<number> {
  const [edition] = EDITIONS;
  if (!edition) throw new Error('there are no editions');
  const path = `/editions/${edition.id}`;
  const leftBefore = await listed(client, edition);
  const buyers = Array.from({ length: edition.copies + 10 }, (_, index) => `buyer ${index + 1}`);
  const answers = await Promise.all(
    buyers.map((buyer) => client.post<{ number: number }>(`${path}/orders`, { buyer })),
  );
  const sold = answers.filter(({ status }) => status === 201).map(({ body }) => body.number);
  const soldOut = answers.filter(({ status }) => status === 409).length;
  const { body } = await client.get<{ left: number }>(path);
  const kept =
    new Set(sold).size === edition.copies &&
    sold.length === edition.copies &&
    soldOut === 10 &&
    body.left === 0;
  const detail = `${buyers.length} orders at once: ${sold.length} of ${edition.copies} copies sold, ${soldOut} sold out`;
  story.check('an edition is never oversold', kept, detail);
  // The sales were made elsewhere: word of the last one may be on its way still.
  const patience = AbortSignal.any([stage.signal, AbortSignal.timeout(2_000)]);
  const leftAfter = await until(
    async () => ((await listed(client, edition)) === 0 ? 0 : undefined),
    patience,
  ).catch(() => listed(client, edition));
  story.check(
    'the cached list knows of every sale',
    leftBefore === edition.copies && leftAfter === 0,
    `it said ${leftBefore} left before, and ${leftAfter} after the last one`,
  );
  await checkSummary(client, edition, stage, story);
  return buyers.length;
}

/** How many copies are left, as the list of all editions has it. */
async function listed(client: PostcardsClient, { id }: Edition): Promise<number | undefined> {
  const { body } = await client.get<readonly { id: string; left: number }[]>('/editions');
  return body.find((edition) => edition.id === id)?.left;
}
