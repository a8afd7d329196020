import type { PostcardsClient } from './postcards.client.js';

export interface PostcardOrder {
  readonly cityId: string;
  readonly to: string;
  readonly message: string;
  readonly customer?: string;
  readonly express?: boolean;
}

/** Postcards that arrive at once. */
export const POSTCARDS: readonly PostcardOrder[] = [
  {
    cityId: 'pt-lisbon',
    to: 'ann@friends.example',
    message: 'The trams are yellow and so are the pastries. Wish you were here!',
  },
  {
    cityId: 'jp-kyoto',
    to: 'bob@friends.example',
    message: 'Temples, tea & more temples.\n<b>Not bold</b>, just happy.',
  },
  {
    cityId: 'is-reykjavik',
    to: 'cleo@friends.example',
    message: 'It is midnight and the sun is still up: góða nótt!',
  },
  {
    cityId: 'gr-athens',
    to: 'dora@friends.example',
    message: 'Καλημέρα from the Acropolis. My feet hurt, my heart does not.',
  },
  {
    cityId: 'za-cape-town',
    to: 'emil@friends.example',
    message: 'Took the cable car up. Walked down. Would take it down next time.',
  },
  { cityId: 'br-rio-de-janeiro', to: 'fay@friends.example', message: 'Sand everywhere. No complaints.' },
];

/** Postcards whose mail is refused twice, always, and for good; the club's own mailbox is a busy one, too. */
export const GREYLISTED: PostcardOrder = {
  cityId: 'pe-cusco',
  to: 'gus@busy.example',
  message: 'Third time lucky.',
};
export const MAILBOX_FULL: PostcardOrder = {
  cityId: 'vn-hanoi',
  to: 'hal@full.example',
  message: 'Empty your mailbox.',
};
export const GONE: PostcardOrder = {
  cityId: 'ca-montreal',
  to: 'ida@gone.example',
  customer: 'travel-club',
  message: 'Are you still there?',
};

export const REMINDER_MS = 1_000;
export const REMINDER = {
  to: 'ann@friends.example',
  text: 'Bob waits for a card.',
  after: `${REMINDER_MS}ms`,
} as const;

const NOTIFIED = 'fay@friends.example';

/** What the demo ordered: ids of tasks. */
export interface Ordered {
  readonly postcards: ReadonlyMap<PostcardOrder, string>;
  readonly reports: ReadonlyMap<string, string>;
  /** What the same report got that was ordered twice. */
  readonly again: string;
}

/** @returns the task of each */
export async function orderPostcards(client: PostcardsClient): Promise<Ordered['postcards']> {
  const postcards = new Map<PostcardOrder, string>();
  for (const order of [GREYLISTED, MAILBOX_FULL, GONE, ...POSTCARDS]) {
    postcards.set(order, await client.order('/postcards', order));
  }
  return postcards;
}

/** A report from each of the cities; who waits for the first one gets a mail. */
export async function orderReports(
  client: PostcardsClient,
  reportsFrom: readonly string[],
): Promise<Pick<Ordered, 'reports' | 'again'>> {
  const [first] = reportsFrom;
  const report = (from?: string): Promise<string> =>
    client.order('/reports', { from, restMs: 5, ...(from === first && { notify: NOTIFIED }) });
  const reports = new Map<string, string>();
  for (const from of reportsFrom) reports.set(from, await report(from));
  return { reports, again: await report(first) };
}
