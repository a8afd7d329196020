/** A postcard of which only some copies are printed, ever. */
export interface Edition {
  readonly id: string;
  readonly title: string;
  readonly copies: number;
}

export const EDITIONS: readonly Edition[] = [
  { id: 'tram-28', title: 'Tram 28, hand-coloured', copies: 20 },
  { id: 'blue-tiles', title: 'Blue tiles, on real clay', copies: 5 },
];

/** A copy that was sold. */
export interface Sale {
  /** The task that sold it. */
  readonly orderId: string;
  readonly buyer: string;
  /** Which of the copies, from 1. */
  readonly number: number;
}

/** How an edition sells. */
export interface SalesSummary {
  readonly sold: number;
  readonly buyers: number;
  /** Who has bought most, the first ten. */
  readonly best: readonly { readonly buyer: string; readonly copies: number }[];
}
