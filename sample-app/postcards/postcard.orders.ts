import { Injectable } from '@nestjs/common';
import { InjectQueue, Queue, QueueFullError, type AddOptions, type TaskHandle } from 'nestjs-depot';
import type { Postcard, PostcardsProcessor } from './postcards.processor.js';

/** Ordinary tasks have 5. */
const EXPRESS = 8;

/** What came of a mailing. */
export interface OrderedMailing {
  readonly accepted: readonly TaskHandle[];
  /** Recipients that there was no room for. */
  readonly refused: readonly string[];
}

/** Orders postcards to be drawn. */
@Injectable()
export class PostcardOrders {
  constructor(@InjectQueue('postcards') private readonly postcards: Queue<PostcardsProcessor>) {}

  /** @throws QueueFullError when the customer has too much waiting already */
  order(postcard: Postcard): Promise<TaskHandle> {
    return this.postcards.add('render', postcard, placeOf(postcard));
  }

  /**
   * A card for each of these recipients; as many of them as there is room for.
   *
   * @throws QueueFullError when there is room for none
   */
  async orderAll(postcard: Omit<Postcard, 'to'>, recipients: readonly string[]): Promise<OrderedMailing> {
    try {
      const accepted = await this.postcards.addBulk(
        recipients.map((to) => ({
          name: 'render',
          payload: { ...postcard, to },
          options: placeOf(postcard),
        })),
      );
      return { accepted, refused: [] };
    } catch (error) {
      if (!(error instanceof QueueFullError) || error.added.length === 0) throw error;
      const refused = recipients.filter((_, place) => error.refused.includes(place));
      return { accepted: error.added, refused };
    }
  }
}

/** Where a card, and its mail, stand in the queue: express ones first, and customers take turns. */
export function placeOf(postcard: Omit<Postcard, 'to' | 'message'>): AddOptions {
  const { customer, cityId, express } = postcard;
  return { group: customer, tags: [customer, cityId], ...(express && { priority: EXPRESS }) };
}
