import type { PostcardOrder } from './orders.js';
import type { PostcardsClient, TaskView } from './postcards.client.js';
import type { Story } from './story.js';
import { hasEnded } from './task.follower.js';
import { until } from './until.js';

/** So many cards of one customer may wait. */
export const BACKLOG = 9;

const HOTEL = { customer: 'grand-hotel', cityId: 'ch-zermatt', message: 'We thank you for your stay.' };
const guests = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `guest${from + i}@friends.example`);
/** Some guests have moved. They stand together, so that their mails come back at about the same time. */
export const MOVED = ['kim', 'lea', 'max', 'nora'].map((name) => `${name}@gone.example`);
const GUESTS = [...guests(1, 4), ...MOVED, ...guests(5, 7)];
const MIA = { customer: 'mia', cityId: 'it-venice', to: 'nina@friends.example', message: 'No cars here!' };
const EXPRESS: PostcardOrder = {
  cityId: 'no-oslo',
  to: 'olaf@friends.example',
  message: 'I arrive tomorrow, please feed the cat.',
  express: true,
};
const OFFER = { to: 'paul@friends.example', text: 'Two cards for one.', validFor: '300ms' };

/** What was ordered while the shop was closed: ids of tasks. */
export interface ClosedOrders {
  readonly hotel: readonly string[];
  readonly mia: string;
  readonly express: string;
  /** One of the hotel's. */
  readonly cancelled: string;
  readonly offer: string;
}

/** No card is drawn and no mail is sent; orders are taken all the same, as far as there is room for them. */
export async function orderWhileClosed(client: PostcardsClient, story: Story): Promise<ClosedOrders> {
  for (const queue of ['postcards', 'mail']) await client.steer('POST', `/admin/queues/${queue}/pause`);
  const stats = await client.steer<{ queue: string; paused: boolean }[]>('GET', '/admin/queues');
  const paused = stats.filter((queue) => queue.paused).map(({ queue }) => queue);
  story.check('an administrator pauses queues', paused.length === 2, paused.join(' and '));

  const offer = await client.order('/offers', OFFER);
  const hotel = await orderTooMuch(client, story);
  const mia = await client.order('/postcards', MIA);
  const express = await client.order('/postcards', EXPRESS);

  const cancelled = hotel.at(-1) ?? '';
  const first = await client.delete(`/tasks/${cancelled}`);
  const second = await client.delete(`/tasks/${cancelled}`);
  const { state } = await client.task(cancelled);
  const once = first.status === 204 && second.status === 409 && state === 'cancelled';
  story.check(
    'a card that waits is cancelled, once',
    once,
    `${first.status}, then ${second.status}: ${state}`,
  );

  const path = '/admin/queues/postcards/tasks?state=waiting&tag=grand-hotel&limit=100';
  const { tasks } = await client.steer<{ tasks: TaskView[] }>('GET', path);
  const left = BACKLOG - 1;
  story.check('cards are found by their customer', tasks.length === left, `${tasks.length} of ${left} wait`);
  return { hotel, mia, express, cancelled, offer };
}

/** Cards are drawn again. */
export async function openShop(client: PostcardsClient): Promise<void> {
  await client.steer('POST', '/admin/queues/postcards/resume');
}

/** Mails are sent again, when these cards are drawn: all of their mails wait by then. */
export async function openPost(
  client: PostcardsClient,
  cards: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await until(async () => {
    const tasks = await Promise.all(cards.map((id) => client.task(id)));
    return tasks.every(hasEnded) || undefined;
  }, signal);
  await client.steer('POST', '/admin/queues/mail/resume');
}

async function orderTooMuch(client: PostcardsClient, story: Story): Promise<string[]> {
  const { body } = await client.post<{ accepted: { id: string }[]; refused: string[] }>(
    '/postcards/mailings',
    {
      ...HOTEL,
      to: GUESTS,
    },
  );
  const more = await client.post('/postcards', { ...HOTEL, to: 'one-more@friends.example' });
  const ids = body.accepted.map(({ id }) => id);
  const kept =
    ids.length === BACKLOG &&
    body.refused.length === GUESTS.length - BACKLOG &&
    more.status === 503 &&
    more.retryAfter !== null;
  const detail = `${ids.length} of ${GUESTS.length} cards taken, then ${more.status}: try again in ${more.retryAfter ?? '?'} s`;
  story.check('no customer fills the queue', kept, detail);
  return ids;
}
