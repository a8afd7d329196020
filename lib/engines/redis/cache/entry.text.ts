import { createHash } from 'node:crypto';
import type { CacheEntry, NewEntry } from '../../../cache/cache.store.js';
import { LONGEST_MS } from '../../../cache/cache.ttl.js';
import { CachedValue } from '../../../cache/cache.value.js';
import type { SpaceKeys } from './cache-keys.js';

/*
 * How an entry is stored: a line that tells of it, and the text that the codec made of the value.
 *
 *   @created,fresh,grace,version,scope[,tags]\n
 *
 * created: milliseconds since the epoch by Redis' clock. fresh, grace: milliseconds; empty: for ever. scope: epochs of the
 * cache and of its namespaces, joined by dots. tags: JSON, each tag with its epoch after it. Scripts read it, too
 * (scripts/cache-entry.lua.ts). Text without such a line was written by somebody else: it is a value, and Redis alone
 * knows how long it is kept.
 */

const MARK = '@';

/** An entry and what it has to be compared with. */
export class StoredEntry implements CacheEntry {
  /** The state of the epochs (`Epochs.generation`) in which it was found valid. */
  validIn = -1;

  constructor(
    /** Where it lies. */
    readonly space: SpaceKeys,
    readonly value: CachedValue,
    readonly createdAt: number,
    readonly freshUntil: number,
    readonly keptUntil: number,
    readonly version: string,
    /** `undefined`: somebody else wrote it; it is valid as long as it is there. */
    readonly scope: string | undefined,
    /** Tags, each with its epoch after it. */
    readonly tags: readonly string[],
  ) {}
}

const NO_TAGS: readonly string[] = [];

/** An entry of somebody else's text, whose time to live is as PTTL has it. */
export function foreignEntry(space: SpaceKeys, text: string, leftMs: number, now: number): StoredEntry {
  const until = leftMs < 0 ? Number.POSITIVE_INFINITY : now + leftMs;
  const version = foreignVersion(text);
  return new StoredEntry(space, new CachedValue(text), now, until, until, version, undefined, NO_TAGS);
}

/** The text without what only a script can know: mark and time of creation. */
export function entryText(
  entry: NewEntry,
  version: string,
  scope: string,
  tagEpochs: readonly string[],
): string {
  const tags = tagEpochs.length > 0 ? `,${JSON.stringify(tagEpochs)}` : '';
  return `${span(entry.freshMs)},${span(entry.graceMs)},${version},${scope}${tags}\n${entry.text}`;
}

/** For so long Redis keeps it; empty: for ever. */
export function lifeText(entry: NewEntry): string {
  return span(entry.freshMs + entry.graceMs);
}

/** Milliseconds as scripts take them; empty: for ever. */
export function span(ms: number): string {
  return ms === Number.POSITIVE_INFINITY ? '' : String(Math.min(ms, LONGEST_MS));
}

/**
 * An entry of text that is one of ours; of other text `undefined`.
 *
 * @param ahead how far Redis' clock is ahead of that by which times are wanted
 */
export function readEntry(space: SpaceKeys, text: string, ahead: number): StoredEntry | undefined {
  if (!text.startsWith(MARK)) return undefined;
  const end = text.indexOf('\n');
  const fresh = text.indexOf(',') + 1;
  const grace = text.indexOf(',', fresh) + 1;
  const version = text.indexOf(',', grace) + 1;
  const scope = text.indexOf(',', version) + 1;
  // Commas that are not there, or only in the value: an index before the last one, or behind the line.
  if (fresh < 3 || grace <= fresh || version <= grace || scope <= version || end < scope) return undefined;
  const comma = text.indexOf(',', scope);
  const tagged = comma >= 0 && comma < end;
  const created = Number(text.slice(1, fresh - 1));
  const freshMs = duration(text.slice(fresh, grace - 1));
  const graceMs = duration(text.slice(grace, version - 1));
  if (!(created > 0 && freshMs >= 0 && graceMs >= 0)) return undefined;
  const tags = tagged ? tagsOf(text.slice(comma + 1, end)) : NO_TAGS;
  if (!tags) return undefined;
  const createdAt = created - ahead;
  return new StoredEntry(
    space,
    new CachedValue(text.slice(end + 1)),
    createdAt,
    createdAt + freshMs,
    createdAt + freshMs + graceMs,
    text.slice(version, scope - 1),
    text.slice(scope, tagged ? comma : end),
    tags,
  );
}

const duration = (text: string): number => (text === '' ? Number.POSITIVE_INFINITY : Number(text));

/** As scripts see it. */
const foreignVersion = (text: string): string => `~${createHash('sha1').update(text).digest('hex')}`;

function tagsOf(json: string): readonly string[] | undefined {
  try {
    const tags: unknown = JSON.parse(json);
    if (!Array.isArray(tags) || tags.length % 2 !== 0) return undefined;
    return tags.every((tag): tag is string => typeof tag === 'string') ? tags : undefined;
  } catch {
    return undefined;
  }
}
