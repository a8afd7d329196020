import { EngineReplyError } from '../../../common/errors.js';
import type { LuaScript } from '../lua.js';
import { CACHE_EXPIRE, CACHE_INCREMENT } from '../scripts/cache-change.lua.js';
import { pairs, type CacheParts, type Place } from './cache-parts.js';
import { readEntry, span } from './entry.text.js';
import type { Kind } from './ordered-batch.js';
import { haveTheirTags, scopeOf } from './validity.js';

export interface Change extends Place {
  scope?: string;
  readonly freshMs: number;
}

export interface Increment extends Change {
  readonly by: number;
}

type Reply = readonly [kind: 'done' | 'check' | 'refused', answer: string | number, tags?: string];

/** An entry that is changed as often as it is looked at. */
const LOOKS = 20;

/** Changes entries in place. The script is told the scope; of tags, whether they are valid, once it has said what they are. */
abstract class FarChanges {
  constructor(protected readonly parts: CacheParts) {}

  protected each<C extends Change, R>(
    changes: readonly C[],
    change: (one: C) => Promise<R>,
  ): Promise<readonly R[]> {
    return Promise.all(changes.map(change));
  }

  protected scopes(
    changes: readonly Change[],
    epochsOf: (change: Change) => readonly string[] | Promise<readonly string[]>,
  ): Promise<void> | undefined {
    const waits: Promise<void>[] = [];
    for (const change of changes) {
      const found = epochsOf(change);
      if (found instanceof Promise) {
        waits.push(found.then((epochs) => void (change.scope = scopeOf(epochs))));
      } else {
        change.scope = scopeOf(found);
      }
    }
    return waits.length > 0 ? Promise.all(waits).then(() => undefined) : undefined;
  }

  protected async change(
    script: LuaScript,
    place: Change,
    args: readonly (string | number)[],
  ): Promise<string> {
    const { link, texts, epochs } = this.parts;
    const { scope = '', space } = place;
    let verdict = ['', ''];
    for (let look = 0; look < LOOKS; look++) {
      const all = [scope, texts.next(), ...verdict, ...args];
      const [kind, answer, tags = ''] = (await link.run(script, pairs([place]), all)) as Reply;
      if (kind === 'done') return String(answer);
      if (kind === 'refused') throw new EngineReplyError(`Cache entry ${place.entry}: ${answer}`);
      // Only tags and version of it are looked at.
      const entry = readEntry(space, `@1,,,${answer},${scope},${tags}\n`, 0);
      const [valid] = entry ? await haveTheirTags(epochs, [entry]) : [false];
      verdict = [String(answer), valid ? '1' : '0'];
    }
    throw new EngineReplyError(`Cache entry ${place.entry} is changed by others all the time`);
  }
}

/** Says whether there was an entry that is fresh. */
export class FarExpires extends FarChanges implements Kind<Change, boolean> {
  readonly prepare = (changes: readonly Change[]): Promise<void> | undefined =>
    this.scopes(changes, ({ space }) => this.parts.epochs.current(space.epochs));

  readonly send = (changes: readonly Change[]): Promise<readonly boolean[]> =>
    this.each(
      changes,
      async (one) => (await this.change(CACHE_EXPIRE, one, [span(one.freshMs), this.parts.news])) === '1',
    );
}

/** Answers with the sum. */
export class FarIncrements extends FarChanges implements Kind<Increment, number> {
  readonly prepare = (changes: readonly Change[]): Promise<void> | undefined =>
    this.scopes(changes, ({ space, freshMs }) => this.parts.epochs.ensure(space.epochs, freshMs));

  readonly send = (changes: readonly Increment[]): Promise<readonly number[]> =>
    this.each(changes, async (one) =>
      Number(await this.change(CACHE_INCREMENT, one, [String(one.by), span(one.freshMs)])),
    );
}
