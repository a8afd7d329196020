import type { StoredEntry } from './entry.text.js';
import type { Epochs } from './epochs.js';

/** What a space stamps its entries with, from its epochs; empty when one is missing: then nothing is valid. */
export function scopeOf(epochs: readonly string[]): string {
  return epochs.includes('') ? '' : epochs.join('.');
}

/** Whether the tags are the ones that the entries were stamped with. */
export async function haveTheirTags(
  epochs: Epochs,
  entries: readonly StoredEntry[],
): Promise<readonly boolean[]> {
  const distinct = [...new Set(entries.flatMap(tagKeys))];
  if (distinct.length === 0) return entries.map(() => true);
  const found = await epochs.current(distinct);
  const current = new Map(distinct.map((key, at) => [key, found[at]]));
  return entries.map((entry) =>
    tagKeys(entry).every((key, at) => current.get(key) === entry.tags[2 * at + 1]),
  );
}

/** Whether all epochs are the ones that the entries were stamped with. */
export async function areValid(epochs: Epochs, entries: readonly StoredEntry[]): Promise<readonly boolean[]> {
  const spaces = new Map(entries.map(({ space }) => [space.path, space]));
  const scopes = new Map<string, string>();
  const asked = [...spaces].map(async ([path, space]) =>
    scopes.set(path, scopeOf(await epochs.current(space.epochs))),
  );
  const [tagged] = await Promise.all([haveTheirTags(epochs, entries), ...asked]);
  return entries.map(
    ({ space, scope }, at) =>
      scope === undefined || (scope === scopes.get(space.path) && tagged[at] === true),
  );
}

function tagKeys({ space, tags }: StoredEntry): string[] {
  const keys: string[] = [];
  for (let at = 0; at < tags.length; at += 2) keys.push(space.tag(tags[at] ?? ''));
  return keys;
}
