import { limitsText } from '../../task/limits.text.js';
import type {
  Ack,
  Added,
  ClaimedTask,
  ConsumerRecord,
  NewTask,
  QueueSettings,
  Rooms,
  TaskRecord,
} from '../../task/task.broker.js';
import { FINAL_STATES, type TaskState } from '../../task/task.state.js';

/*
 * What scripts are told and answer, as text. Each function names the script whose header says what it means.
 */

/** What is kept of ended tasks: the fourth argument of every script. */
export const keptText = ({ keep }: QueueSettings): string =>
  FINAL_STATES.map((state) => `${state}=${keep[state].count},${keep[state].bytes ?? -1}`).join(' ');

/** `open` */
export const openText = ({ limits }: QueueSettings): string => (limits ? limitsText(limits) : '-');

/** `add` */
export function dueText(due: NewTask['due']): string {
  if (!due) return '';
  return 'inMs' in due ? `+${Math.ceil(due.inMs)}` : String(Math.ceil(due.atMs));
}

/** `add` */
export const hasTraits = ({ priority, group, expiresInMs, unique }: NewTask): boolean =>
  (priority ?? group ?? expiresInMs ?? unique) !== undefined;

/** `add` */
export function traitsText(task: NewTask): string {
  if (!hasTraits(task)) return '';
  const { priority, group, expiresInMs, unique } = task;
  const { mode = '', ttlMs, maxWaitMs, key = '' } = unique ?? {};
  return [
    priority ?? 5,
    group ?? '',
    wholeMs(expiresInMs),
    mode,
    wholeMs(ttlMs),
    wholeMs(maxWaitMs),
    key,
  ].join('\n');
}

/** `add` */
export function added(id: string, answer: number | string): Added {
  if (answer === 1) return ADDED;
  if (answer === 0) return { to: 'exists', id };
  const [kind, other] = [String(answer).charAt(0), String(answer).slice(1)];
  if (kind === 'r') return { to: 'added', replaced: other };
  return kind === 'e' ? { to: 'exists', id: other } : { to: 'full' };
}

const ADDED: Added = { to: 'added' };

/** `step`: a completion, and nothing further to say about it. */
export const isPlain = (ack: Ack): boolean => ack.to === 'completed' && ack.keepMs === undefined;

/** `step` */
export function extraText(ack: Ack): string | number {
  if (ack.to === 'retry') return Math.ceil(ack.delayMs);
  return ack.to === 'completed' ? wholeMs(ack.keepMs) : '';
}

/** `step` */
export function roomsText(rooms: Rooms | undefined): string {
  if (!rooms) return '';
  const names = rooms.names.map(({ name, free, apart }) => `\n${Math.max(0, free)} ${apart ? 1 : 0} ${name}`);
  return String(Math.max(0, rooms.shared)) + names.join('');
}

/** `subscribe` */
export const namesText = (names: readonly string[]): string =>
  names.length === 0 ? '' : ` ${names.join(' ')} `;

/** `step` */
export const claimedTasks = (
  ids: readonly string[],
  envelopes: readonly string[],
  tries: readonly (string | null)[],
): ClaimedTask[] => ids.map((id, i) => ({ id, tries: Number(tries[i] ?? 0), envelope: envelopes[i] ?? '' }));

/** `read` */
export function taskRecord(id: string, row: readonly string[]): TaskRecord {
  const [envelope = '', state, at, tries, outcome, progress, log, history = '', traits = '', expiresAt] = row;
  const [priority = '5', group, , , ...key] = traits === '' ? [] : traits.split('\n');
  return {
    id,
    state: state as TaskState,
    envelope,
    tries: Number(tries),
    at: at && state !== 'active' && state !== 'blocked' ? Number(at) : undefined,
    outcome: outcome || undefined,
    progress: progress || undefined,
    log: log ? log.split('\n') : [],
    history: failures(history, outcome, state === 'dead'),
    priority: Number(priority),
    group: group || undefined,
    uniqueKey: key.join('\n') || undefined,
    expiresAt: expiresAt ? Number(expiresAt) : undefined,
  };
}

/** `inspect` */
export function consumerRecords(flat: readonly (string | number)[]): ConsumerRecord[] {
  const records: ConsumerRecord[] = [];
  for (let i = 0; i + 2 < flat.length; i += 3) {
    const consumer = String(flat[i]);
    const process = consumer.slice(consumer.indexOf(':') + 1);
    records.push({ consumer, process, until: Number(flat[i + 1]), active: Number(flat[i + 2]) });
  }
  return records;
}

/** The newest failure is in the history while it is the outcome, too: between two attempts. */
function failures(history: string, outcome: string | undefined, isDead: boolean): TaskRecord['history'] {
  if (history === '') return [];
  const all = history.split('\n').map((line) => {
    const space = line.indexOf(' ');
    const text = line
      .slice(space + 1)
      .replaceAll('%0A', '\n')
      .replaceAll('%25', '%');
    return { at: Number(line.slice(0, space)), outcome: text };
  });
  return !isDead && all.at(-1)?.outcome === outcome ? all.slice(0, -1) : all;
}

const wholeMs = (ms: number | undefined): number | '' => (ms === undefined ? '' : Math.ceil(ms));
