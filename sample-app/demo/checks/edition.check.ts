import { EDITIONS } from '../../editions/edition.js';
import type { PostcardsClient } from '../postcards.client.js';
import type { Stage } from '../stage.js';
import type { Story } from '../story.js';
import { checkSummary } from './summary.check.js';

/** Orders more copies of an edition than there are, all at once. @returns how many orders there were */
export async function checkEdition(client: PostcardsClient, stage: Stage, story: Story): Promise<number> {
  const [edition] = EDITIONS;
  if (!edition) throw new Error('there are no editions');
  const path = `/editions/${edition.id}`;
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
  await checkSummary(client, edition, stage, story);
  return buyers.length;
}
