import type { History } from './lock-history.js';
import type { Broken } from './lock-promise.js';

const SHOWN = 4;
/** What happened around it. */
const BEFORE_MS = 1_000;
const AFTER_MS = 100;

/** What is wrong, for people; empty when nothing is. */
export function tell(broken: readonly Broken[], history: History, seed: number): string {
  if (broken.length === 0) return '';
  const lines = broken
    .slice(0, SHOWN)
    .flatMap((one) => [`${one.rule}, ${one.key}, ${ms(one.at)}: ${one.what}`, ...around(one, history), '']);
  return [`seed ${seed}: ${broken.length} broken promises`, '', ...lines].join('\n');
}

/** In short, what there was. */
export function figures({ attempts, grants, writes, requests, deaths, disturbances }: History): object {
  const outcomes: Record<string, number> = {};
  for (const { outcome = 'none' } of attempts) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const last = attempts.filter((attempt) => attempt.last);
  return {
    outcomes,
    grants: grants.length,
    lost: grants.filter(({ lostAt }) => lostAt !== undefined).length,
    writes: writes.length,
    refused: writes.filter(({ admitted }) => !admitted).length,
    requests: requests.length,
    deaths: deaths.length,
    disturbances: disturbances.filter(({ how }) => how !== 'late').map(({ how }) => how),
    recoveredMs: Math.round(Math.max(0, ...last.map(({ begun, ended = Infinity }) => ended - begun))),
  };
}

const ms = (time: number): string => time.toFixed(1);

/** The ledger's lines about the key. */
function around({ key, at }: Broken, { attempts, grants, writes, disturbances }: History): string[] {
  const lines: [number, string][] = [];
  for (const one of attempts) {
    if (!one.keys.some((name) => key.includes(name))) continue;
    const end = one.ended === undefined ? 'never' : ms(one.ended);
    lines.push([one.begun, `${one.by} wants it for ${one.waitMs} ms: ${one.outcome ?? 'nothing'} at ${end}`]);
  }
  for (const one of grants) {
    if (!key.includes(one.key)) continue;
    const lost = one.lostAt === undefined ? '' : `, lost at ${ms(one.lostAt)}`;
    const had = `${one.by} has it, token ${one.token}, ${one.permits} of ${one.limit}, ttl ${one.ttlMs}`;
    lines.push([one.granted, `${had}, until ${ms(one.heldUntil)}${lost}`]);
  }
  for (const one of writes) {
    if (!key.includes(one.key)) continue;
    lines.push([one.at, `${one.by} ${one.how}s, token ${one.token}${one.admitted ? '' : ': REFUSED'}`]);
  }
  for (const one of disturbances) {
    lines.push([one.from, `-- ${one.who ?? 'all'}: ${one.how} until ${ms(one.until)}`]);
  }
  return lines
    .filter(([when]) => when >= at - BEFORE_MS && when <= at + AFTER_MS)
    .sort(([a], [b]) => a - b)
    .map(([when, line]) => `    ${ms(when)} ${line}`);
}
