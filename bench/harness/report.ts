import { cpus } from 'node:os';
import type { Results } from './results.js';

const NOTHING = '-';

/** One line of JSON, for programs. */
export function reportForPrograms(results: Results): string {
  const { suite, contenders } = results;
  const each = <T>(names: readonly string[], of: (name: string, metric: string) => T | undefined) =>
    Object.fromEntries(
      names.map((name) => [
        name,
        Object.fromEntries(
          Object.keys(suite.metrics)
            .map((metric) => [metric, of(name, metric)] as const)
            .filter(([, value]) => value !== undefined),
        ),
      ]),
    );
  return JSON.stringify({
    suite: suite.name,
    cores: cpus().length,
    results: each(contenders, (name, metric) => rounded(results.spread(name, metric)?.median)),
    ratios: each(contenders.slice(1), (name, metric) => rounded(results.ratio(metric, name))),
    ranges: each(contenders, (name, metric) => {
      const spread = results.spread(name, metric);
      return spread && [rounded(spread.min), rounded(spread.max)];
    }),
  });
}

/** A table, for people. */
export function reportForPeople(results: Results): string {
  const { suite, contenders, peers } = results;
  const compared = peers.length > 0;
  const bullmq = peers.includes('bullmq');
  const head = [
    'median (min to max)',
    ...contenders,
    ...(compared ? ['to the best peer'] : []),
    ...(bullmq ? ['to bullmq'] : []),
  ];
  const rows = Object.keys(suite.metrics).map((metric) => {
    const best = results.best(metric);
    const ratio = best === undefined ? undefined : results.ratio(metric, best);
    return [
      metric,
      ...contenders.map((name) => cell(results, name, metric)),
      ...(compared ? [ratio === undefined ? NOTHING : `${times(ratio)} ${best ?? ''}`] : []),
      ...(bullmq ? [times(results.ratio(metric, 'bullmq'))] : []),
    ];
  });
  const lacking = contenders.flatMap((name) =>
    byReason(suite.contenders[name]?.lacks ?? {}).map(
      ([metrics, why]) => `  ${name} has no ${metrics}: ${why}`,
    ),
  );
  const settings = contenders.map((name) => `  ${name}: ${suite.contenders[name]?.settings ?? ''}`);
  return [
    `## ${suite.name}: ${suite.about}`,
    '',
    ...aligned([head, ...rows]),
    '',
    ...settings,
    ...lacking,
  ].join('\n');
}

/** What is lacking for the same reason, together. */
function byReason(lacks: Readonly<Record<string, string>>): (readonly [metrics: string, why: string])[] {
  const reasons = [...new Set(Object.values(lacks))];
  return reasons.map((why) => {
    const metrics = Object.keys(lacks).filter((metric) => lacks[metric] === why);
    return [metrics.map((metric) => `'${metric}'`).join(', '), why];
  });
}

function cell(results: Results, contender: string, metric: string): string {
  const spread = results.spread(contender, metric);
  if (!spread) return NOTHING;
  const { median, min, max } = spread;
  return min === max ? shown(median) : `${shown(median)} (${shown(min)} to ${shown(max)})`;
}

/** As Markdown has it. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  const [head = [], ...rest] = rows;
  return [line(head), rule, ...rest.map(line)];
}

function times(ratio: number | undefined): string {
  return ratio === undefined ? NOTHING : `${ratio.toFixed(ratio < 10 ? 2 : 0)} x`;
}

function shown(value: number): string {
  const size = Math.abs(value);
  if (size < 1) return value.toLocaleString('en', { maximumSignificantDigits: 3 });
  return value.toLocaleString('en', { maximumFractionDigits: size >= 100 ? 0 : 2 });
}

function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(5));
}
