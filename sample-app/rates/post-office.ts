import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Rate } from './rate.js';

const ANSWERS_AFTER_MS = 100;
const CHEAPEST_CENTS = 95;
/** Prices move within this range, by the hour. */
const RANGE_CENTS = 110;
const HOUR_MS = 3_600_000;

/** Stands for a service elsewhere that is slow and whose answers change by and by, as the weather does. */
@Injectable()
export class PostOffice {
  async rate(country: string): Promise<Rate> {
    await pause(ANSWERS_AFTER_MS);
    const askedAt = new Date();
    const seed = country.charCodeAt(0) * 31 + country.charCodeAt(1) + Math.floor(askedAt.getTime() / HOUR_MS);
    return { country, cents: CHEAPEST_CENTS + (seed % RANGE_CENTS), askedAt };
  }
}
