import { CACHE_FIND } from '../scripts/cache-find.lua.js';
import { pick, type CacheParts } from './cache-parts.js';
import { FarClaims, stampText, type ClaimCall } from './far-claims.js';
import type { Kind } from './ordered-batch.js';

/** The text of an entry; or whether a lease was granted where there is none. */
export type FindReply = string | 1 | 0;

/** Reads many entries and asks for leases of those that are not there, by one command. */
export class FarFinds implements Kind<ClaimCall, FindReply> {
  readonly prepare: (calls: readonly ClaimCall[]) => Promise<void> | undefined;

  constructor(
    private readonly parts: CacheParts,
    claims: FarClaims,
  ) {
    this.prepare = claims.prepare;
  }

  readonly send = async (calls: readonly ClaimCall[]): Promise<readonly FindReply[]> => {
    const replies = new Array<FindReply>(calls.length);
    await Promise.all(
      [...alike(calls)].map(async (indexes) => {
        const some = pick(calls, indexes);
        const entries = some.map(({ entry }) => entry);
        const found = await this.parts.link.each(entries, (group) => this.find(pick(some, group)));
        indexes.forEach((index, at) => (replies[index] = found[at] ?? 0));
      }),
    );
    return replies;
  };

  private async find(calls: readonly ClaimCall[]): Promise<readonly FindReply[]> {
    const [first] = calls;
    if (!first?.stamps) return calls.map(() => 0);
    const { space, token, stamps } = first;
    const entries = calls.map(({ entry }) => entry);
    const args = [token, stampText(stamps), space.entryPrefix, space.leasePrefix];
    return (await this.parts.link.run(CACHE_FIND, entries, args)) as readonly FindReply[];
  }
}

/** Those of one caller, who has one token for all of his. */
function alike(calls: readonly ClaimCall[]): Iterable<readonly number[]> {
  const groups = new Map<string, number[]>();
  calls.forEach(({ token }, at) => {
    const group = groups.get(token);
    if (group) group.push(at);
    else groups.set(token, [at]);
  });
  return groups.values();
}
