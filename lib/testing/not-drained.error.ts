import { DepotError } from '../common/errors.js';
import type { Entry } from './queue.ledger.js';
import type { GatedQueue, WorkerGate } from './worker.gate.js';

/** Something is due and did not run to its end. The message says what, and what it waits for. */
export class NotDrainedError extends DepotError {
  constructor(message: string) {
    super('DEPOT_NOT_DRAINED', message);
  }
}

/** Nothing moves any more, and something is left. */
export async function stuck(gate: WorkerGate): Promise<NotDrainedError> {
  const left = await leftIn(
    gate,
    'because of a limit (rate, concurrency, group); advance() moves the clock to the next token',
  );
  return new NotDrainedError(`What is due can not run:\n${left}`);
}

/** Something was still going on when the time was over. */
export async function overdue(gate: WorkerGate, timeoutMs: number): Promise<NotDrainedError> {
  const left = await leftIn(gate, 'for their turn');
  return new NotDrainedError(
    `What is due did not run to its end within ${timeoutMs} ms of real time:\n${left}`,
  );
}

async function leftIn(gate: WorkerGate, why: string): Promise<string> {
  await gate.refresh();
  const lines = await Promise.all([...gate.queues.values()].map((queue) => reasons(queue, why)));
  return lines
    .flat()
    .map((line) => `  ${line}`)
    .join('\n');
}

async function reasons(queue: GatedQueue, why: string): Promise<readonly string[]> {
  const title = `queue '${queue.name}'`;
  const [waiting, active, parked] = [
    queue.ledger.in('waiting'),
    queue.ledger.in('active'),
    queue.ledger.in('parked'),
  ];
  const lines: string[] = [];
  if (active.length > 0) {
    lines.push(
      `${title}: ${list(active)} ${is(active)} active; a handler that waits for the clock (a lock, a result, its time-out) needs advance()`,
    );
  }
  for (const [tasks, what] of await held(queue, waiting, why)) lines.push(`${title}: ${list(tasks)} ${what}`);
  if (lines.length > 0 && parked.length > 0) {
    lines.push(`${title}: ${list(parked)} ${is(parked)} parked, since no handler has the name`);
  }
  return lines;
}

/** What waits, and what for. */
async function held(
  queue: GatedQueue,
  waiting: readonly Entry[],
  otherwise: string,
): Promise<readonly (readonly [tasks: readonly Entry[], what: string])[]> {
  if (waiting.length === 0) return [];
  if (!queue.hasWorker) {
    return [
      [
        waiting,
        `${waits(waiting)} for a worker: no @Processor of the queue is provided, or \`workers\` leaves the queue out`,
      ],
    ];
  }
  const paused = await queue.inner.paused();
  if (paused.queue) return [[waiting, `${waits(waiting)} because the queue is paused`]];
  const ofPausedName = waiting.filter(({ name }) => paused.names.includes(name));
  const others = waiting.filter(({ name }) => !paused.names.includes(name));
  return [
    [ofPausedName, `${waits(ofPausedName)} because tasks of the name are paused`] as const,
    [others, `${waits(others)} ${otherwise}`] as const,
  ].filter(([tasks]) => tasks.length > 0);
}

const is = (tasks: readonly Entry[]): string => (tasks.length === 1 ? 'is' : 'are');
const waits = (tasks: readonly Entry[]): string => (tasks.length === 1 ? 'waits' : 'wait');

const LISTED = 5;

function list(tasks: readonly Entry[]): string {
  const shown = tasks
    .slice(0, LISTED)
    .map(
      ({ name, record: { id, tries } }) => `'${name}' (${id}${tries > 0 ? `, tried ${tries} times` : ''})`,
    );
  const more = tasks.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
