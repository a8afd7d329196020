import type { ClaimRequest } from '../../../cache/cache.store.js';
import { CACHE_FIND } from '../scripts/cache-find.lua.js';
import { pick, type CacheParts } from './cache-parts.js';
import type { SpaceKeys } from './cache-keys.js';
import { stampText, type FarClaims, type Stamps } from './far-claims.js';
import type { Kind } from './ordered-batch.js';

/** Many keys of one space that are asked for together, by one who makes what is missing under one token. */
export interface FindCall {
  readonly space: SpaceKeys;
  /** Names of the entries. */
  readonly entries: readonly string[];
  /** For the first of them; but for the key, it is the same for all. */
  readonly request: ClaimRequest;
  readonly token: string;
  stamps?: Stamps;
}

/** The text of an entry; or whether a lease was granted where there is none. */
export type FindReply = string | 1 | 0;

/** Reads many entries and asks for leases of those that are not there, by one command. */
export class FarFinds implements Kind<FindCall, readonly FindReply[]> {
  constructor(
    private readonly parts: CacheParts,
    private readonly claims: FarClaims,
  ) {}

  readonly prepare = (calls: readonly FindCall[]): Promise<void> | undefined => this.claims.prepare(calls);

  readonly send = (calls: readonly FindCall[]): Promise<readonly (readonly FindReply[])[]> =>
    Promise.all(
      calls.map(({ entries, ...call }) =>
        this.parts.link.each(entries, (group) => this.find(call, pick(entries, group))),
      ),
    );

  private async find(
    { space, token, stamps }: Omit<FindCall, 'entries'>,
    entries: readonly string[],
  ): Promise<readonly FindReply[]> {
    if (!stamps) return entries.map(() => 0);
    const args = [token, stampText(stamps), space.entryPrefix, space.leasePrefix];
    return (await this.parts.link.run(CACHE_FIND, entries, args)) as readonly FindReply[];
  }
}
