import type { Edition, SalesSummary } from '../../editions/edition.js';
import { readLedger } from '../ledger.reader.js';
import type { PostcardsClient } from '../postcards.client.js';
import type { Stage } from '../stage.js';
import type { Story } from '../story.js';
import { until } from '../until.js';

/** Each sale asks for a summary. They are not all made, but the last one is. */
export async function checkSummary(
  client: PostcardsClient,
  { id, copies }: Edition,
  stage: Stage,
  story: Story,
): Promise<void> {
  const patience = AbortSignal.any([stage.signal, AbortSignal.timeout(10_000)]);
  const sold = await until(async () => {
    const { body } = await client.get<SalesSummary>(`/editions/${id}/summary`);
    return body.sold === copies ? body.sold : undefined;
  }, patience).catch(() => 0);
  stage.signal.throwIfAborted();
  const ledger = await readLedger(stage.ledger);
  const made = ledger.filter(({ task, event }) => task === 'editions.summarise' && event === 'start').length;
  const kept = sold === copies && made < copies;
  story.check(
    'its summary misses no sale',
    kept,
    `${copies} sales, ${made} ${made === 1 ? 'summary' : 'summaries'}, the last one says ${sold}`,
  );
}
