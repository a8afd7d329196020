import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** What a `.cpuprofile` has, as far as it is read here. */
interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds between samples. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
}

const ROWS = 25;
/** The process waited, or the profiler was at work. */
const IDLE = ['(idle)', '(root)', 'dispatch'];

/** The functions with the most self time of the process that was busiest. */
export function hottest(files: readonly string[]): string {
  const all = files.map((file) => ({ file, times: selfTimes(file) }));
  const busiest = all.toSorted((a, b) => busy(b.times) - busy(a.times))[0];
  if (!busiest) return 'nothing was profiled';
  const total = busy(busiest.times);
  const rows = [...busiest.times]
    .filter(([name]) => !IDLE.includes(name))
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, ROWS)
    .map(([name, us]) => `${percent(us, total)}  ${(us / 1_000).toFixed(1).padStart(9)} ms  ${name}`);
  return [`${basename(busiest.file)}: ${(total / 1_000).toFixed(0)} ms busy, self time`, ...rows].join('\n');
}

/** Function → microseconds. */
export function selfTimes(file: string): Map<string, number> {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const times = new Map<string, number>();
  samples.forEach((id, at) => {
    const name = names.get(id) ?? '(unknown)';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[at] ?? 0));
  });
  return times;
}

function busy(times: ReadonlyMap<string, number>): number {
  return [...times].reduce((sum, [name, us]) => (IDLE.includes(name) ? sum : sum + us), 0);
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const from = url.split('/node_modules/').at(-1) ?? url;
  return `${name} ${from.split('/').slice(-3).join('/')}:${lineNumber + 1}`;
}

const percent = (part: number, total: number): string => `${((part / total) * 100).toFixed(1).padStart(5)} %`;
