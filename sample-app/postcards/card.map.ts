import type { City } from '../cities/city.js';
import { MAP } from './card.js';

/** More dots than this make the picture slower, not better. */
const MOST_DOTS = 4_000;

/** The places that a map around the city shows, evenly thinned out where there are many. */
export function surroundings(city: City, cities: Iterable<City>): City[] {
  const near: City[] = [];
  for (const other of cities) {
    if (Math.abs(other.lat - city.lat) < MAP.degrees && Math.abs(eastOf(city, other)) < MAP.degrees) {
      near.push(other);
    }
  }
  const step = Math.max(1, Math.ceil(near.length / MOST_DOTS));
  return near.filter((_, index) => index % step === 0);
}

/** An SVG path of a dot for each place. */
export function dots(city: City, places: readonly City[]): string {
  const scale = MAP.height / (2 * MAP.degrees);
  const squeeze = Math.cos((city.lat * Math.PI) / 180);
  return places
    .map((place) => {
      const x = MAP.left + MAP.width / 2 + eastOf(city, place) * squeeze * scale;
      const y = MAP.top + MAP.height / 2 - (place.lat - city.lat) * scale;
      return `M${x.toFixed(1)} ${y.toFixed(1)}h0`;
    })
    .join('');
}

/** Degrees eastwards from one to the other, the short way round. */
function eastOf(from: City, to: City): number {
  return ((to.lng - from.lng + 540) % 360) - 180;
}
