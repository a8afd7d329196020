import type { History } from './cache-history.js';
import type { Broken } from './cache-promise.js';

const SHOWN = 3;
/** What happened to the key shortly before. */
const BEFORE_MS = 400;

/** What is wrong, for people; empty when nothing is. */
export function tell(broken: readonly Broken[], history: History, seed: number): string {
  const [first] = broken;
  if (!first) return '';
  const worst = [...broken].sort((a, b) => a.read.begun - b.read.begun).slice(0, SHOWN);
  const lines = worst.flatMap((one) => [claim(one), ...around(one, history), '']);
  return [`seed ${seed}: ${broken.length} reads of what should have been gone`, '', ...lines].join('\n');
}

const ms = (time: number): string => time.toFixed(1);

function claim({ read, write, overdueMs }: Broken): string {
  return (
    `process ${read.by} read version ${read.version ?? '-'} of ${read.key} by ${read.how} at ${ms(read.begun)}, ${ms(overdueMs)} ms after ` +
    `it had to know of version ${versionOf(write.versions, read.key)}: ${write.how} by ${write.by}, ${ms(write.begun)} to ${ms(write.ended)}`
  );
}

/** The diaries' lines about the key. */
function around({ read, write }: Broken, { reads, writes, fills, disturbances }: History): string[] {
  const from = write.begun - BEFORE_MS;
  const span = (begun: number, ended: number): string => `${ms(begun)} to ${ms(ended)}`;
  const lines: [number, string][] = [];
  for (const one of reads) {
    if (one.key !== read.key) continue;
    lines.push([one.begun, `${one.by} ${one.how} read ${one.version ?? '-'}, ${span(one.begun, one.ended)}`]);
  }
  for (const one of writes) {
    const version = versionOf(one.versions, read.key);
    if (version === 0) continue;
    const done = one.done === undefined ? '' : `, ${one.done ? 'done' : 'NOT DONE'}`;
    lines.push([
      one.begun,
      `${one.by} ${one.how} for version ${version}, ${span(one.begun, one.ended)}${done}`,
    ]);
  }
  for (const one of fills) {
    if (one.key !== read.key) continue;
    lines.push([one.begun, `${one.by} makes version ${one.version}, ${span(one.begun, one.ended)}`]);
  }
  for (const one of disturbances) {
    lines.push([one.from, `-- ${one.who ?? 'all'}: ${one.how}, ${span(one.from, one.until)}`]);
  }
  return lines
    .filter(([at]) => at >= from && at <= read.begun)
    .sort(([a], [b]) => a - b)
    .map(([, line]) => `    ${line}`);
}

function versionOf(versions: readonly (readonly [key: string, version: number])[], key: string): number {
  return versions.find(([one]) => one === key)?.[1] ?? 0;
}
