import { DepotConfigError, show } from './errors.js';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

type Unit = keyof typeof UNIT_MS;

/** A length of time: a number of milliseconds, or text such as `'250ms'`, `'30s'`, `'5m'`, `'1h'`, `'7d'`. */
export type Duration = number | `${number}${Unit}`;

const TEXT = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/**
 * Checks a duration that is only known at run time.
 *
 * @param value number of milliseconds, or text such as `'30s'`
 * @param name what the value is, for the error message
 * @throws DepotConfigError when it is negative, not finite, has spaces, an unknown unit or another notation
 * @example duration(process.env.CACHE_TTL, 'CACHE_TTL')
 */
export function duration(value: unknown, name = 'duration'): Duration {
  toMs(value, name);
  return value as Duration;
}

/** The duration in milliseconds. `name` says in the error which option is wrong. */
export function toMs(value: unknown, name: string): number {
  if (typeof value === 'number') {
    if (Number.isFinite(value) && value >= 0) return value;
  } else if (typeof value === 'string') {
    const match = TEXT.exec(value);
    if (match) return Number(match[1]) * UNIT_MS[match[2] as Unit];
  }
  throw new DepotConfigError(
    `${name} is ${show(value)}; expected a number of milliseconds (0 or more) or text such as '250ms', '30s', '5m', '1h', '7d'`,
  );
}
