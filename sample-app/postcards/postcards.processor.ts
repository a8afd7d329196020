import { Ctx, DiscardTask, InjectQueue, Payload, Processor, Queue, Task, TaskContext } from 'nestjs-depot';
import { CitiesService } from '../cities/cities.service.js';
import { CityCatalogue } from '../cities/city.catalogue.js';
import { Ledger } from '../ledger/ledger.service.js';
import type { MailProcessor } from '../mail/mail.processor.js';
import { CARD } from './card.js';
import { surroundings } from './card.map.js';
import { renderCard } from './card.renderer.js';
import { placeOf } from './postcard.orders.js';

export interface Postcard {
  readonly cityId: string;
  readonly to: string;
  readonly message: string;
  /** The account that ordered it. */
  readonly customer: string;
  readonly express: boolean;
}

export interface RenderedPostcard {
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  /** The task that mails it. */
  readonly mailTaskId: string;
}

@Processor('postcards')
export class PostcardsProcessor {
  constructor(
    @InjectQueue('mail') private readonly mail: Queue<MailProcessor>,
    private readonly cities: CitiesService,
    private readonly catalogue: CityCatalogue,
    private readonly ledger: Ledger,
  ) {}

  @Task({ attempts: 3, backoff: { type: 'fixed', delay: '500ms' }, timeout: '30s' })
  render(@Payload() postcard: Postcard, @Ctx() task: TaskContext): Promise<RenderedPostcard> {
    return this.ledger.record(task, async () => {
      const { cityId, to, message, customer } = postcard;
      const city = await this.cities.find(cityId);
      if (!city) throw new DiscardTask(`there is no city "${cityId}" any more`);

      await task.progress({ current: 1, total: 3, status: `drawing ${city.name}` });
      const png = await renderCard({ city, message, surroundings: surroundings(city, this.catalogue.all()) });

      await task.progress({ current: 2, total: 3, status: 'handing it to the post' });
      // A task may run twice, when its process dies in it. The id makes sure that the mail is added only once.
      const letter = {
        to,
        customer,
        subject: `A postcard from ${city.name}`,
        text: message,
        picture: { name: `${cityId}.png`, png },
      };
      const mail = await this.mail.add('deliver', letter, {
        ...placeOf(postcard),
        id: `${task.id}-mail`,
      });

      await task.progress({ current: 3, total: 3, status: 'in the post' });
      return { width: CARD.width, height: CARD.height, bytes: png.length, mailTaskId: mail.id };
    });
  }
}
