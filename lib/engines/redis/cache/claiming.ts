import type { CacheLease, Claim, ClaimRequest, NewEntry } from '../../../cache/cache.store.js';
import type { Place } from './cache-parts.js';
import { foreignEntry, readEntry, type StoredEntry } from './entry.text.js';
import type { ClaimCall, ClaimReply, Stamps } from './far-claims.js';
import type { RedisCache } from './redis-cache.js';
import { haveTheirTags } from './validity.js';
import type { Watch } from './watches.js';

interface Asked {
  readonly call: ClaimCall;
  /** Began before the question: whatever happens after the answer is seen. */
  readonly watch: Watch;
}

/** An entry whose tags were invalidated is asked about again; so often somebody else may store such a one meanwhile. */
const LOOKS = 5;
/** Later than Redis ends the lease. */
const MARGIN_MS = 10;
/** Where nobody tells of changes, one looks. */
const LOOK_AFTER_MS = 50;
const LOOK_AGAIN_AFTER_MS = 200;

/** Claims keys, and makes of Redis' answers what the caller is to do. */
export class Claiming {
  constructor(
    private readonly cache: RedisCache,
    private readonly place: (key: string) => Place,
  ) {}

  async claim(requests: readonly ClaimRequest[], looks = LOOKS): Promise<readonly Claim[]> {
    const { cache } = this;
    const asked = requests.map((request) => this.ask(request));
    let replies: readonly ClaimReply[];
    try {
      replies = await cache.askAll(
        cache.claims,
        asked.map(({ call }) => call),
      );
    } catch (error) {
      for (const { call, watch } of asked) cache.watches.remove(call.entry, watch);
      throw error;
    }
    const entries = await this.found(asked, replies);
    const again: { readonly at: number; readonly request: ClaimRequest }[] = [];
    const claims = asked.map((one, at): Claim | undefined => {
      const reply = replies[at];
      if (reply?.[0] !== 'taken') cache.watches.remove(one.call.entry, one.watch);
      if (reply?.[0] !== 'found') return reply && this.answer(one, reply);
      const entry = entries[at];
      if (entry) return { kind: 'found', entry };
      const seen = this.read(one, reply)?.version;
      again.push({ at, request: { ...one.call.request, seen } });
      return undefined;
    });
    if (again.length > 0) {
      const later =
        looks > 0
          ? await this.claim(
              again.map(({ request }) => request),
              looks - 1,
            )
          : [];
      again.forEach(({ at }, index) => (claims[at] = later[index]));
    }
    return claims.map((claim) => claim ?? NOBODY);
  }

  private ask(request: ClaimRequest): Asked {
    const { cache } = this;
    const place = this.place(request.key);
    const call: ClaimCall = { ...place, request, token: cache.shared.texts.next() };
    return { call, watch: cache.watches.add(place.entry) };
  }

  /** The entries that were found and are valid: scripts don't see tags. */
  private async found(
    asked: readonly Asked[],
    replies: readonly ClaimReply[],
  ): Promise<readonly (StoredEntry | undefined)[]> {
    const entries = replies.map((reply, at) => this.read(asked[at], reply));
    const valid = await haveTheirTags(
      this.cache.epochs,
      entries.flatMap((entry) => entry ?? []),
    );
    let next = 0;
    return entries.map((entry) => (entry && valid[next++] ? entry : undefined));
  }

  private read(asked: Asked | undefined, reply: ClaimReply): StoredEntry | undefined {
    if (!asked || reply[0] !== 'found') return undefined;
    const { ahead, local } = this.cache.shared.clock;
    const { space } = asked.call;
    return readEntry(space, reply[1], ahead) ?? foreignEntry(space, reply[1], reply[2], local.now());
  }

  private answer(
    { call, watch }: Asked,
    reply: Exclude<ClaimReply, readonly ['found', ...unknown[]]>,
  ): Claim {
    switch (reply[0]) {
      case 'failed':
        return { kind: 'failed', error: reply[1] };
      case 'taken':
        return { kind: 'taken', holder: reply[1], changed: this.changed(call, watch, reply[1], reply[2]) };
      case 'granted': {
        const stamps = call.stamps ?? { scope: [], tags: new Map(), clock: undefined };
        return { kind: 'granted', lease: new HeldLease(this.cache, call, stamps, reply[1], reply[2]) };
      }
    }
  }

  private changed(
    { entry, request }: ClaimCall,
    watch: Watch,
    holder: string,
    leftMs: number,
  ): (signal?: AbortSignal) => Promise<void> {
    const { watches, shared } = this.cache;
    const { feed } = shared;
    const over = Math.max(0, leftMs) + MARGIN_MS;
    const look = request.waitedFor === holder ? LOOK_AGAIN_AFTER_MS : LOOK_AFTER_MS;
    // Nobody has told of anything that happened until now.
    const told = feed.isConfirmed;
    const forget = setTimeout(() => watches.remove(entry, watch), over).unref();
    return async (signal) => {
      if (told) await watch.wait(over, signal);
      else await Promise.race([watch.wait(look, signal), feed.refused ? NEVER : feed.whenConfirmed()]);
      clearTimeout(forget);
      watches.remove(entry, watch);
    };
  }
}

const NEVER = new Promise<void>(() => undefined);

/** For a key that others change faster than one can look: whatever is made of it is not stored. */
const NOBODY: Claim = {
  kind: 'granted',
  lease: {
    fill: () => Promise.resolve(false),
    fail: () => Promise.resolve(),
    release: () => Promise.resolve(),
  },
};

/** The right to store what is made of a key. */
export class HeldLease implements CacheLease {
  private readonly lease: string;

  constructor(
    private readonly cache: RedisCache,
    private readonly call: ClaimCall,
    private readonly stamps: Stamps,
    private readonly seen: string,
    private readonly goneAt: string,
  ) {
    this.lease = call.space.leaseOf(call.entry);
    cache.shared.leases.hold(this.lease, call.token);
  }

  async fill(filled: NewEntry): Promise<boolean> {
    const { space, id, entry, token } = this.end();
    const { cache, stamps, seen, goneAt } = this;
    const call = { space, id, entry, token, stamps, seen, goneAt, filled };
    // Whether it lands or not, this process has the entry from before no more.
    cache.near?.drop(id);
    return cache.ask(cache.fills, call);
  }

  async fail(error: string, ttlMs: number): Promise<void> {
    await this.giveUp(error, ttlMs);
  }

  async release(): Promise<void> {
    await this.giveUp('', 0);
  }

  private async giveUp(error: string, toldMs: number): Promise<void> {
    const { space, id, entry, token } = this.end();
    await this.cache.ask(this.cache.giveUps, { space, id, entry, token, error, toldMs });
  }

  private end(): ClaimCall {
    this.cache.shared.leases.drop(this.lease, this.call.token);
    return this.call;
  }
}
