import { Injectable, NotFoundException, type PipeTransform } from '@nestjs/common';
import { CitiesService, type CityEntry } from './cities.service.js';

/** Turns the id of a city into the city; 404 when there is none. */
@Injectable()
export class KnownCity implements PipeTransform<string, Promise<CityEntry>> {
  constructor(private readonly cities: CitiesService) {}

  async transform(id: string): Promise<CityEntry> {
    const city = await this.cities.find(id);
    if (!city) throw new NotFoundException(`there is no city "${id}"; GET /cities?name=… finds ids`);
    return city;
  }
}
