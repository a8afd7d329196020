import { setTimeout as rest } from 'node:timers/promises';
import {
  Ctx,
  DiscardTask,
  InjectQueue,
  OnTask,
  Payload,
  Processor,
  Queue,
  Task,
  TaskContext,
  TaskEvent,
} from 'nestjs-depot';
import { CityCatalogue } from '../cities/city.catalogue.js';
import { Ledger } from '../ledger/ledger.service.js';
import type { MailProcessor } from '../mail/mail.processor.js';
import { countryDistances, type CountryDistances } from './distances.js';

export interface ReportOrder {
  readonly from: string;
  readonly countries?: readonly string[] | undefined;
  readonly restMs: number;
  /** Who hears of it when it is there. */
  readonly notify?: string | undefined;
}

export interface Report {
  readonly from: string;
  readonly cities: number;
  readonly sumKm: number;
  readonly countries: readonly CountryDistances[];
}

@Processor('reports')
export class ReportsProcessor {
  constructor(
    @InjectQueue('mail') private readonly mail: Queue<MailProcessor>,
    private readonly catalogue: CityCatalogue,
    private readonly ledger: Ledger,
  ) {}

  /** Measures the way from one city to all others, country by country. */
  @Task({ attempts: 2, timeout: '5m', deadline: '15m' })
  distances(@Payload() order: ReportOrder, @Ctx() task: TaskContext): Promise<Report> {
    return this.ledger.record(task, async () => {
      const from = this.catalogue.get(order.from);
      if (!from) throw new DiscardTask(`there is no city "${order.from}"`);
      const known = this.catalogue.countries();
      const wanted = order.countries?.filter((country) => known.includes(country)) ?? known;
      const countries: CountryDistances[] = [];
      for (const country of wanted) {
        countries.push(countryDistances(country, from, this.catalogue.inCountry(country)));
        await task.progress({
          current: countries.length,
          total: wanted.length,
          status: `measured ${country}`,
        });
        // Other work of this process gets its turn, even at 0; a task that is stopped stops here.
        await rest(order.restMs, undefined, { signal: task.signal });
      }
      return { from: from.id, cities: sum(countries, 'cities'), sumKm: sum(countries, 'sumKm'), countries };
    });
  }

  @OnTask('completed', { attempts: 5, backoff: { type: 'exponential', delay: '1s' } })
  async ready(event: TaskEvent<Report, ReportOrder>): Promise<void> {
    const { notify, from } = event.payload;
    if (notify === undefined || event.result === undefined) return;
    const text = `All ${event.result.cities} cities are measured. See /tasks/${event.taskId}`;
    const letter = { to: notify, subject: `Your report from ${from}`, text };
    // An event may be told twice; the id makes sure that the mail is added only once.
    await this.mail.add('deliver', letter, { id: `${event.taskId}-ready`, tags: ['report'] });
  }
}

function sum(countries: readonly CountryDistances[], field: 'cities' | 'sumKm'): number {
  return countries.reduce((total, country) => total + country[field], 0);
}
