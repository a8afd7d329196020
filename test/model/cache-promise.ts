import { Calm } from './cache-calm.js';
import { FOREIGN, type Fill, type History, type Read, type Who, type Write } from './cache-history.js';

/*
 * THE PROMISE. A write has taken effect when it ended; one that was called by a process that was cut off or stopped, and
 * that did not say that it is done, when that process has recovered.
 *
 * 1. A process that has written reads nothing older from then on.
 * 2. Any other process reads nothing older from HEARD_MS after the write took effect; where it was cut off or stopped then, from
 *    when it has recovered, RECOVERED_MS after the last disturbance (cache-calm.ts).
 * 3. Fills are no excuse: what a factory read before a write ended is not there any more when that has taken effect. Only who
 *    deletes without a word to the library is overtaken by fills that were under way.
 * 4. Sets that overlap end in any order, unless one process made them both: then in the order of the calls.
 */

/** A value that nobody should have been given. */
export interface Broken {
  readonly read: Read;
  /** What should have been seen, or something newer. */
  readonly write: Write;
  readonly overdueMs: number;
}

/** One version, and how it came to be. */
interface Version {
  readonly version: number;
  readonly write: Write;
  readonly effectiveAt: number;
}

export interface Verdict {
  readonly broken: readonly Broken[];
  /** Reads of a value with an older version than the newest of the database at that time, all of them allowed. */
  readonly old: number;
  readonly values: number;
}

export function judge(history: History): Verdict {
  const judge = new Judge(history);
  const broken: Broken[] = [];
  let old = 0;
  let values = 0;
  for (const read of history.reads) {
    if (read.version === undefined) continue;
    values++;
    const newer = judge.newerThan(read.key, read.version, read.begun);
    if (newer.length > 0) old++;
    const worst = judge.worst(read, newer);
    if (worst) broken.push(worst);
  }
  return { broken, old, values };
}

class Judge {
  private readonly calm: Calm;
  private readonly versions = new Map<string, Version[]>();
  private readonly fills = new Map<string, Fill[]>();

  constructor({ writes, fills, ...history }: History) {
    this.calm = new Calm(history);
    for (const write of writes) {
      const effectiveAt = this.effectiveAt(write);
      for (const [key, version] of write.versions) {
        entry(this.versions, key).push({ version, write, effectiveAt });
      }
    }
    for (const fill of fills) entry(this.fills, fill.key).push(fill);
  }

  /** Those that had been called by then. */
  newerThan(key: string, version: number, at: number): readonly Version[] {
    const all = this.versions.get(key) ?? [];
    return all.filter((one) => one.version > version && one.write.begun < at);
  }

  worst(read: Read, newer: readonly Version[]): Broken | undefined {
    let worst: Broken | undefined;
    for (const one of newer) {
      const overdueMs = read.begun - this.bindsFrom(read.by, one);
      if (overdueMs <= (worst?.overdueMs ?? 0) || this.isExcused(read, one)) continue;
      worst = { read, write: one.write, overdueMs };
    }
    return worst;
  }

  private effectiveAt({ by, done, begun, ended }: Write): number {
    if (done === true || by === FOREIGN) return ended;
    return this.calm.recovered(by, begun, ended);
  }

  private bindsFrom(reader: Who, { write, effectiveAt }: Version): number {
    return write.by === reader ? effectiveAt : this.calm.hears(reader, effectiveAt);
  }

  /** Whether the version that was read may have come after the newer one. */
  private isExcused({ key, version }: Read, newer: Version): boolean {
    const source = this.versions.get(key)?.find((one) => one.version === version);
    if (source?.write.stores && this.mayFollow(source, newer)) return true;
    if (newer.write.how !== 'foreign delete') return false;
    return (this.fills.get(key) ?? []).some(
      (fill) =>
        fill.version === version && fill.begun <= newer.write.ended && this.landed(fill) >= newer.write.begun,
    );
  }

  /** Whether the older one, which was set, may have been stored after the newer one. */
  private mayFollow(older: Version, newer: Version): boolean {
    const undisturbed = older.effectiveAt === older.write.ended && older.write.done !== false;
    if (older.write.by === newer.write.by && undisturbed) return older.write.begun > newer.write.begun;
    return older.effectiveAt >= newer.write.begun;
  }

  /** When it was stored at the latest. */
  private landed({ by, begun, ended }: Fill): number {
    return this.calm.recovered(by, begun, ended);
  }
}

function entry<V>(map: Map<string, V[]>, key: string): V[] {
  let values = map.get(key);
  if (!values) map.set(key, (values = []));
  return values;
}
