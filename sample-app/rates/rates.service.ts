import { Injectable } from '@nestjs/common';
import { Cacheable } from 'nestjs-depot';
import { CityCatalogue } from '../cities/city.catalogue.js';
import { PostOffice } from './post-office.js';
import type { Rate } from './rate.js';

@Injectable()
export class RatesService {
  constructor(
    private readonly countries: CityCatalogue,
    private readonly postOffice: PostOffice,
  ) {}

  /**
   * The rate for a country, or null where there are no cities to send to, which is remembered for less long. However many
   * ask, the post office is asked once; and while it does not answer, yesterday's rate will do.
   */
  @Cacheable({ cache: 'rates', key: (country: string) => country, nullTtl: '10s' })
  async of(country: string): Promise<Rate | null> {
    return this.countries.inCountry(country).length > 0 ? this.postOffice.rate(country) : null;
  }
}
