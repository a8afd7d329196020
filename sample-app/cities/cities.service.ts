import { Injectable } from '@nestjs/common';
import { Cacheable } from 'nestjs-depot';
import type { City } from './city.js';
import { CityCatalogue } from './city.catalogue.js';

export interface CityEntry extends City {
  /** When the data set was last asked for it: stays the same while the answer comes from the cache. */
  readonly readAt: Date;
}

@Injectable()
export class CitiesService {
  constructor(private readonly catalogue: CityCatalogue) {}

  /** The city, or null when there is none of that id. Lives in the cache for `CACHE_TTL`. */
  @Cacheable({ key: (id: string) => `city:${id}` })
  async find(id: string): Promise<CityEntry | null> {
    const city = this.catalogue.get(id);
    return city ? { ...city, readAt: new Date() } : null;
  }

  search(text: string, limit: number): City[] {
    const wanted = text.toLowerCase();
    const found: City[] = [];
    for (const city of this.catalogue.all()) {
      if (city.name.toLowerCase().startsWith(wanted)) found.push(city);
      if (found.length === limit) break;
    }
    return found;
  }
}
