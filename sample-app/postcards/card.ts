import type { City } from '../cities/city.js';

/** What is on a card. */
export interface Card {
  readonly city: City;
  readonly message: string;
  /** Places around the city, drawn as a map. */
  readonly surroundings: readonly City[];
}

export const CARD = { width: 900, height: 600 } as const;

/** The part of the picture that the message is written on. */
export const MESSAGE = { left: 480, top: 220, width: 390, height: 350 } as const;

/** The part that is the map; the city is in its middle. */
export const MAP = { left: 30, top: 30, width: 420, height: 540, degrees: 9 } as const;
