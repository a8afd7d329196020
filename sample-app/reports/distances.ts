import type { City } from '../cities/city.js';

/** What the report says of one country. */
export interface CountryDistances {
  readonly country: string;
  readonly cities: number;
  readonly box: {
    readonly south: number;
    readonly west: number;
    readonly north: number;
    readonly east: number;
  };
  readonly nearest: { readonly id: string; readonly km: number };
  readonly farthest: { readonly id: string; readonly km: number };
  readonly sumKm: number;
}

const EARTH_RADIUS_KM = 6_371;

/** How far the cities of a country are from one place. */
export function countryDistances(country: string, from: City, cities: readonly City[]): CountryDistances {
  const far = cities.map((city) => ({ id: city.id, km: kilometres(from, city) }));
  const lats = cities.map(({ lat }) => lat);
  const lngs = cities.map(({ lng }) => lng);
  return {
    country,
    cities: cities.length,
    box: { south: least(lats), west: least(lngs), north: most(lats), east: most(lngs) },
    nearest: far.reduce((best, next) => (next.km < best.km ? next : best)),
    farthest: far.reduce((best, next) => (next.km > best.km ? next : best)),
    sumKm: far.reduce((sum, { km }) => sum + km, 0),
  };
}

/** Along the surface, by the haversine formula. */
function kilometres(a: City, b: City): number {
  const half = (from: number, to: number): number => Math.sin(radians(to - from) / 2) ** 2;
  const h = half(a.lat, b.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(a.lng, b.lng);
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
// Math.min(...values) takes no more arguments than fit the stack; a country has up to some 20,000 cities.
const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b));
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));
