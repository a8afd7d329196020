import { textOf, type HeaderValue } from './http.message.js';

/** Lower-case names of the headers that a `Vary` header lists, sorted, each once. `*` is one of them. */
export function varyNames(value: HeaderValue | undefined): string[] {
  const names = (textOf(value) ?? '').split(',').map((name) => name.trim().toLowerCase());
  return union(names.filter((name) => name !== ''));
}

/** Sorted, each once. */
export const union = (...lists: readonly (readonly string[])[]): string[] =>
  [...new Set(lists.flat())].sort();

/** A `Vary` header that has these names, too. */
export function withNames(value: HeaderValue | undefined, names: readonly string[]): string {
  const before = textOf(value)?.trim() ?? '';
  const known = varyNames(value);
  if (known.includes('*')) return before;
  const added = names.filter((name) => !known.includes(name)).map(titled);
  return [...(before === '' ? [] : [before]), ...added].join(', ');
}

const titled = (name: string): string => name.replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase());
