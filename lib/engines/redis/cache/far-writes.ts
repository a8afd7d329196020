import type { NewEntry } from '../../../cache/cache.store.js';
import { CACHE_DELETE, CACHE_WRITE } from '../scripts/cache-write.lua.js';
import { pairs, pick, type CacheParts, type Place } from './cache-parts.js';
import { entryText, lifeText, readEntry, type StoredEntry } from './entry.text.js';
import type { Kind } from './ordered-batch.js';
import { areValid, scopeOf } from './validity.js';

export interface Write extends Place {
  readonly written: NewEntry;
  /** Its text, once the epochs are known. */
  text?: string;
}

/** Characters of one call: more keep everybody else waiting. */
const LARGEST_CALL = 4 * 1_024 * 1_024;

/** Stores entries, stamped with the epochs from before. Answers with what Redis has against it, if anything. */
export class FarWrites implements Kind<Write, string> {
  constructor(private readonly parts: CacheParts) {}

  readonly prepare = (writes: readonly Write[]): Promise<void> | undefined => {
    const isForEver = ({ written }: Write): boolean => written.freshMs + written.graceMs === Infinity;
    // Apart, so that what belongs to the others does not live for ever, too.
    const stamped = [writes.filter(isForEver), writes.filter((write) => !isForEver(write))].map((some) =>
      some.length > 0 ? this.stamp(some) : undefined,
    );
    const waits = stamped.filter((done) => done !== undefined);
    return waits.length > 0 ? Promise.all(waits).then(() => undefined) : undefined;
  };

  readonly send = async (writes: readonly Write[]): Promise<readonly string[]> => {
    const refused = await Promise.all(
      inCalls(writes).map((call) =>
        this.parts.link.each(
          call.map(({ entry }) => entry),
          (group) => this.write(pick(call, group)),
        ),
      ),
    );
    return refused.flat();
  };

  private stamp(writes: readonly Write[]): Promise<void> | undefined {
    const { epochs, texts } = this.parts;
    const lifeMs = Math.max(...writes.map(({ written }) => written.freshMs + written.graceMs));
    const wanted = new Set<string>();
    for (const { space, written } of writes) {
      for (const key of space.epochs) wanted.add(key);
      for (const tag of written.tags) wanted.add(space.tag(tag));
    }
    const keys = [...wanted];
    const finish = (found: readonly string[]): void => {
      const epochOf = new Map(keys.map((key, at) => [key, found[at] ?? '']));
      for (const write of writes) {
        const { space, written } = write;
        const scope = scopeOf(space.epochs.map((key) => epochOf.get(key) ?? ''));
        const tags = written.tags.flatMap((tag) => [tag, epochOf.get(space.tag(tag)) ?? '']);
        write.text = entryText(written, texts.next(), scope, tags);
      }
    };
    const found = epochs.ensure(keys, lifeMs);
    if (found instanceof Promise) return found.then(finish);
    finish(found);
    return undefined;
  }

  private async write(writes: readonly Write[]): Promise<readonly string[]> {
    const args = writes.flatMap(({ written, text = '' }) => [lifeText(written), text]);
    const refused = String(await this.parts.link.run(CACHE_WRITE, pairs(writes), args));
    return writes.map(() => refused);
  }
}

/** Removes entries; says of each whether it was valid. */
export class FarDeletes implements Kind<Place, boolean> {
  constructor(private readonly parts: CacheParts) {}

  readonly send = async (places: readonly Place[]): Promise<readonly boolean[]> => {
    const { link, epochs, news, clock } = this.parts;
    const lines = await link.each(
      places.map(({ entry }) => entry),
      async (group) => {
        const some = pick(places, group);
        return (await link.run(CACHE_DELETE, pairs(some), [news])) as readonly string[];
      },
    );
    const answers = lines.map((line) => line !== '');
    const found: number[] = [];
    const entries: StoredEntry[] = [];
    lines.forEach((line, at) => {
      const space = places[at]?.space;
      const entry = line === '' || !space ? undefined : readEntry(space, line, clock.ahead);
      if (!entry) return;
      found.push(at);
      entries.push(entry);
    });
    if (found.length === 0) return answers;
    const valid = await areValid(epochs, entries);
    found.forEach((at, index) => (answers[at] = valid[index] === true));
    return answers;
  };
}

/** In order, so that each call is not too large. */
function inCalls(writes: readonly Write[]): readonly (readonly Write[])[] {
  const calls: Write[][] = [];
  let size = Infinity;
  for (const write of writes) {
    const length = write.text?.length ?? 0;
    const call = calls.at(-1);
    if (call && size + length <= LARGEST_CALL) call.push(write);
    else {
      calls.push([write]);
      size = 0;
    }
    size += length;
  }
  return calls;
}
