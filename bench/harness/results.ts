import { median } from './figures.js';
import type { Suite } from './suite.js';

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What a suite has measured: every round of every contender and metric. */
export class Results {
  private readonly rounds = new Map<string, Map<string, number[]>>();

  constructor(readonly suite: Suite) {}

  add(contender: string, metric: string, value: number): void {
    if (!(metric in this.suite.metrics)) throw new Error(`${this.suite.name} has no metric '${metric}'`);
    if (!Number.isFinite(value)) throw new Error(`'${metric}' of ${contender} is ${value}`);
    const metrics = this.rounds.get(contender) ?? new Map<string, number[]>();
    this.rounds.set(contender, metrics);
    metrics.set(metric, [...(metrics.get(metric) ?? []), value]);
  }

  /** In the suite's order, those that were measured. */
  get contenders(): readonly string[] {
    return Object.keys(this.suite.contenders).filter((name) => this.rounds.has(name));
  }

  get peers(): readonly string[] {
    return this.contenders.slice(1).filter((name) => this.suite.contenders[name]?.floor !== true);
  }

  spread(contender: string, metric: string): Spread | undefined {
    const values = this.rounds.get(contender)?.get(metric);
    if (!values) return undefined;
    return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
  }

  /** How many times better ours is; undefined when one of the two has no such figure, or ours is 0. */
  ratio(metric: string, other: string): number | undefined {
    const [ours = ''] = Object.keys(this.suite.contenders);
    const mine = this.spread(ours, metric)?.median;
    const theirs = this.spread(other, metric)?.median;
    const better = this.suite.metrics[metric];
    if (mine === undefined || theirs === undefined || better === 'neither') return undefined;
    if (mine === theirs) return 1;
    const ratio = better === 'higher' ? mine / theirs : theirs / mine;
    return Number.isFinite(ratio) ? ratio : undefined;
  }

  /** The peer that is best at it. */
  best(metric: string): string | undefined {
    const ratios = this.peers.map((name) => [name, this.ratio(metric, name)] as const);
    const known = ratios.filter((one): one is readonly [string, number] => one[1] !== undefined);
    return known.toSorted(([, a], [, b]) => a - b)[0]?.[0];
  }
}
