import { textOf, type HeaderValue } from './http.message.js';

/** Directives of a `Cache-Control` header by lower-case name; those without a value have an empty one. */
export function directives(header: HeaderValue | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const match of (textOf(header) ?? '').matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,;"]*)))?/g)) {
    const [, name = '', quoted, plain] = match;
    // Named twice, the first one counts.
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), quoted ?? plain ?? '');
  }
  return found;
}

/** For how many milliseconds the answer itself says that it may be kept by what many share; `undefined`: it does not say. */
export function ownAgeMs(header: HeaderValue | undefined): number | undefined {
  const found = directives(header);
  const seconds = found.get('s-maxage') ?? found.get('max-age');
  if (seconds === undefined) return undefined;
  return /^\d{1,12}$/.test(seconds) ? Number(seconds) * 1_000 : 0;
}

const YEAR_S = 31_536_000;

/** What is said to whoever gets the answer, and to every cache on the way to him. */
export function cacheControl(leftMs: number, isScoped: boolean): string {
  const seconds = Math.min(YEAR_S, Math.max(0, Math.floor(leftMs / 1_000)));
  return `${isScoped ? 'private' : 'public'}, max-age=${seconds}`;
}
