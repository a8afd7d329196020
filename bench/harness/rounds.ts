import type { Profiler } from './profiler.js';
import { Results } from './results.js';
import type { Contender, Stage, Suite } from './suite.js';

export interface RoundOptions {
  readonly rounds: number | undefined;
  readonly only: readonly string[] | undefined;
  /** Hears what is under way. */
  readonly progress: (line: string) => void;
  /** Profiles the last round of every part. */
  readonly profiler?: Profiler | undefined;
}

/** Measures every part of a suite: in each round every contender once, and another one goes first. */
export async function measure(suite: Suite, stage: Stage, options: RoundOptions): Promise<Results> {
  const results = new Results(suite);
  const wanted = chosen(suite, options.only);
  const rounds = options.rounds ?? (stage.short ? 1 : suite.rounds);
  for (const part of suite.parts(stage)) {
    const contenders = wanted.filter((name) => part.contenders?.includes(name) ?? true);
    for (let round = 0; round < rounds; round++) {
      // By then all processes are there, and warm.
      if (round === rounds - 1) await options.profiler?.begin(suite.name, part.name);
      for (const name of rotated(contenders, round)) {
        const what = `${suite.name}: ${part.name}, round ${round + 1} of ${rounds}, ${name}`;
        options.progress(what);
        const figures = await part.measure(name).catch((error: unknown) => {
          throw new Error(`${what} has failed`, { cause: error });
        });
        for (const [metric, value] of Object.entries(figures)) results.add(name, metric, value);
      }
    }
    await options.profiler?.end();
  }
  for (const name of wanted) complete(results, name, suite.contenders[name]);
  return results;
}

/** @throws UsageError when the suite has no contender of that name */
export function chosen({ name, contenders }: Suite, only: readonly string[] | undefined): readonly string[] {
  const all = Object.keys(contenders);
  const unknown = only?.filter((one) => !all.includes(one)) ?? [];
  if (unknown.length > 0) {
    throw new UsageError(`${name} has no contender ${unknown.join(', ')}; there are ${all.join(', ')}`);
  }
  return all.filter((one) => only?.includes(one) ?? true);
}

/** Nobody is left out unnoticed. */
function complete(results: Results, contender: string, { lacks = {} }: Contender = { settings: '' }): void {
  const missing = Object.keys(results.suite.metrics).filter(
    (metric) => !(metric in lacks) && results.spread(contender, metric) === undefined,
  );
  if (missing.length > 0) throw new Error(`nothing was measured of ${contender}: ${missing.join(', ')}`);
}

function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const at = by % Math.max(1, items.length);
  return [...items.slice(at), ...items.slice(0, at)];
}

/** What was asked for does not exist. */
export class UsageError extends Error {}
