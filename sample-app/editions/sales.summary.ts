import type { Sale, SalesSummary } from './edition.js';

const BEST = 10;

export function summaryOf(sales: readonly Sale[]): SalesSummary {
  const copies = new Map<string, number>();
  for (const { buyer } of sales) copies.set(buyer, (copies.get(buyer) ?? 0) + 1);
  const best = Array.from(copies, ([buyer, bought]) => ({ buyer, copies: bought }))
    .sort((a, b) => b.copies - a.copies)
    .slice(0, BEST);
  return { sold: sales.length, buyers: copies.size, best };
}
