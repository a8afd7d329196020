import type { Claim, ClaimRequest } from '../../../cache/cache.store.js';
import type { SpaceKeys } from './cache-keys.js';
import { HeldLease } from './claiming.js';
import { readEntry, type StoredEntry } from './entry.text.js';
import type { FindCall, FindReply } from './far-finds.js';
import type { RedisCache } from './redis-cache.js';
import { haveTheirTags, scopeOf } from './validity.js';

/** Fewer are claimed one by one. */
const FEWEST = 8;

/** Where there is no entry there is nothing that could be gone before its time. */
const NONE_SEEN = '';
const GONE_ALREADY = '0';

type Found = StoredEntry | undefined;

/** Claims many keys of which most are there: reading them takes a tenth of what it takes to claim each. */
export class Finding {
  constructor(
    private readonly cache: RedisCache,
    private readonly space: SpaceKeys,
    private readonly idOf: (key: string) => string,
  ) {}

  /** Whether all of them are asked for the first time, and for the same purpose. */
  static suits(requests: readonly ClaimRequest[]): boolean {
    const [first] = requests;
    if (!first || requests.length < FEWEST) return false;
    return requests.every(
      ({ seen, waitedFor, tags, lateTags }) =>
        seen === undefined && waitedFor === undefined && tags === first.tags && lateTags === first.lateTags,
    );
  }

  /** A claim for each; `undefined`: it has to be claimed by itself. */
  async claim(requests: readonly ClaimRequest[]): Promise<readonly (Claim | undefined)[]> {
    const { cache, space } = this;
    const [request] = requests;
    if (!request) return [];
    const token = cache.shared.texts.next();
    const call: FindCall = { space, entries: requests.map(({ key }) => space.entry(key)), request, token };
    const found = await this.keepingThem(requests, async () => {
      const replies = await cache.ask(cache.finds, call);
      return { replies, entries: await this.valid(call, replies) };
    });
    return requests.map((one, at) => {
      const entry = found.entries[at];
      if (entry) return { kind: 'found', entry };
      return found.replies[at] === 1 ? this.granted(call, one, at) : undefined;
    });
  }

  /** What is found comes into this process's memory, too. */
  private async keepingThem<T extends { readonly entries: readonly Found[] }>(
    requests: readonly ClaimRequest[],
    find: () => Promise<T>,
  ): Promise<T> {
    const { cache, idOf } = this;
    const { near } = cache;
    if (!near) return find();
    const tickets = requests.map(({ key }) => {
      const id = idOf(key);
      return { id, ticket: near.open(id) };
    });
    let entries: readonly Found[] = [];
    try {
      const found = await find();
      entries = found.entries;
      return found;
    } finally {
      tickets.forEach(({ id, ticket }, at) => cache.keep(id, ticket, entries[at]));
    }
  }

  private granted(
    { space, token, stamps, entries }: FindCall,
    request: ClaimRequest,
    at: number,
  ): Claim | undefined {
    if (!stamps) return undefined;
    const call = { space, token, request, id: this.idOf(request.key), entry: entries[at] ?? '' };
    return { kind: 'granted', lease: new HeldLease(this.cache, call, stamps, NONE_SEEN, GONE_ALREADY) };
  }

  /** The entries that are ours and valid. */
  private async valid({ space, stamps }: FindCall, replies: readonly FindReply[]): Promise<readonly Found[]> {
    const { ahead, local } = this.cache.shared.clock;
    const now = local.now();
    const scope = scopeOf(stamps?.scope ?? []);
    const tagged: StoredEntry[] = [];
    const found = replies.map((reply): Found => {
      const entry = typeof reply === 'string' ? readEntry(space, reply, ahead) : undefined;
      if (!entry || entry.keptUntil <= now || entry.scope !== scope) return undefined;
      if (entry.tags.length > 0) tagged.push(entry);
      return entry;
    });
    if (tagged.length === 0) return found;
    const have = await haveTheirTags(this.cache.epochs, tagged);
    const invalid = new Set(tagged.filter((_, at) => !have[at]));
    return found.map((entry) => (entry && invalid.has(entry) ? undefined : entry));
  }
}
