import type { Disturbance, History, Who } from './cache-history.js';

/** A process that nothing disturbs has heard of a write so long after it ended, besides what its messages are late. */
export const HEARD_MS = 50;
/** So long after it was cut off or stopped it serves nothing any more that was overwritten meanwhile. */
export const RECOVERED_MS = 3_500;

interface Span {
  readonly from: number;
  readonly until: number;
}

/** When which process was cut off or stopped, or had not recovered from that. */
export class Calm {
  private readonly spans = new Map<Who, readonly Span[]>();

  constructor(private readonly history: Pick<History, 'disturbances' | 'delays'>) {}

  /** The end of that time; if anything disturbed the process in it, when it has recovered from that, if that is later. */
  recovered(who: Who, from: number, until: number): number {
    const last = this.spansOf(who).findLast((span) => span.from <= until && from <= span.until);
    return Math.max(until, last?.until ?? 0);
  }

  /** When the process serves nothing older any more, where a write of anybody took effect at that time at the latest. */
  hears(who: Who, effectiveAt: number): number {
    const heardAt = effectiveAt + HEARD_MS + 2 * (this.history.delays[who] ?? 0);
    return this.recovered(who, effectiveAt, heardAt);
  }

  private spansOf(who: Who): readonly Span[] {
    let spans = this.spans.get(who);
    if (!spans) {
      const own = this.history.disturbances.filter((one) => one.who === undefined || one.who === who);
      this.spans.set(who, (spans = merged(own.map(withRecovery))));
    }
    return spans;
  }
}

function withRecovery({ how, from, until }: Disturbance): Span {
  return { from, until: until + (how === 'late' ? HEARD_MS : RECOVERED_MS) };
}

/** Those that touch are one. */
function merged(spans: readonly Span[]): readonly Span[] {
  const all: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last && span.from <= last.until) {
      all[all.length - 1] = { from: last.from, until: Math.max(last.until, span.until) };
    } else {
      all.push(span);
    }
  }
  return all;
}
