import { inHashTag, type RedisKeys } from '../redis-keys.js';

/** What a key below the prefix of all caches is. */
export type CacheKeyName =
  /** An entry: of a cache or a namespace, by the user's key. */
  | { readonly kind: 'entry'; readonly path: string; readonly key: string }
  /** An epoch: of a cache or a namespace, of a tag, or of all tags of a cache. */
  | { readonly kind: 'epoch'; readonly path: string };

/** The key names of a cache, or of a namespace in it, whose path has a segment for each of its names. */
export class SpaceKeys {
  readonly entryPrefix: string;
  /** Of this space alone. */
  readonly epoch: string;
  /** Of the cache, the namespaces that this one is in, and of this one. */
  readonly epochs: readonly string[];
  /** Changes with every invalidation of any tag of the cache. */
  readonly clock: string;
  readonly leasePrefix: string;
  private readonly tagPrefix: string;

  private constructor(
    private readonly keys: RedisKeys,
    readonly path: string,
    parents: readonly string[],
  ) {
    const cache = keys.cachePrefix + path.split('/', 1).join('');
    this.entryPrefix = `${keys.cachePrefix}${path}:{`;
    this.leasePrefix = `${keys.fillPrefix}${path}:{`;
    this.epoch = `${keys.cachePrefix}${path}#`;
    this.epochs = [...parents, this.epoch];
    this.clock = `${cache}#clock`;
    this.tagPrefix = `${cache}#tag:`;
  }

  static cache(keys: RedisKeys, name: string): SpaceKeys {
    return new SpaceKeys(keys, segment(name), []);
  }

  namespace(name: string): SpaceKeys {
    return new SpaceKeys(this.keys, `${this.path}/${segment(name)}`, this.epochs);
  }

  entry(key: string): string {
    return `${this.entryPrefix}${inHashTag(key)}}`;
  }

  /** In the slot of the entry, and not where every process hears of it. */
  lease(key: string): string {
    return `${this.leasePrefix}${inHashTag(key)}}`;
  }

  tag(tag: string): string {
    return this.tagPrefix + tag;
  }

  /** The user's key of an entry of this space. */
  keyOf(entry: string): string {
    return outOfHashTag(entry.slice(this.entryPrefix.length, -1));
  }

  /** The entry beside a lease of this space, by their names. */
  entryOf(lease: string): string {
    return this.entryPrefix + lease.slice(this.leasePrefix.length);
  }

  /** The lease beside an entry of this space, by their names. */
  leaseOf(entry: string): string {
    return this.leasePrefix + entry.slice(this.entryPrefix.length);
  }
}

/** Takes a name apart that begins with the prefix of all caches; `undefined`: it is none of ours. */
export function cacheKeyName(name: string, prefix: string): CacheKeyName | undefined {
  const from = prefix.length;
  const colon = name.indexOf(':', from);
  const hash = name.indexOf('#', from);
  if (hash >= 0 && (colon < 0 || hash < colon)) return { kind: 'epoch', path: name.slice(from, hash) };
  if (colon < 0 || name.charAt(colon + 1) !== '{' || !name.endsWith('}')) return undefined;
  return { kind: 'entry', path: name.slice(from, colon), key: outOfHashTag(name.slice(colon + 2, -1)) };
}

/** Well-formed first: half a surrogate pair can't be encoded, and no key of Redis can hold it. */
function segment(name: string): string {
  return encodeURIComponent(Buffer.from(name).toString());
}

function outOfHashTag(text: string): string {
  return text.includes('%') ? text.replace(/%(25|7B|7D)/g, decodeURIComponent) : text;
}

/** What all keys begin with, on Redis, that a pattern of keys matches. */
export function literalOf(pattern: string): string {
  const end = pattern.search(/[\\*?[]/);
  return inHashTag(end < 0 ? pattern : pattern.slice(0, end));
}
