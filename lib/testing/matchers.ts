import { inspect } from 'node:util';
import { toMs, type Duration } from '../common/duration.js';
import { DepotConfigError } from '../common/errors.js';
import { checkKeys } from '../common/options.js';
import { TASK_STATES } from '../task/task.state.js';
import type { Entry, QueueLedger } from './queue.ledger.js';
import { enqueuedIn, ledgerOf } from './test-queue.js';
import type { CompletedOptions, DiedOptions, EnqueuedOptions } from './matchers.types.js';

/** What jest and vitest alike give a matcher. */
interface MatcherContext {
  readonly isNot?: boolean;
  equals(a: unknown, b: unknown, testers?: readonly unknown[]): boolean;
  readonly customTesters?: readonly unknown[];
  readonly utils: { readonly iterableEquality?: unknown };
}

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

type Check = (entry: Entry, equal: (actual: unknown, expected: unknown) => boolean) => boolean;

/** For `expect.extend`. Where `expect` is a global, `DepotTesting.create` has done that already. */
export const depotMatchers = {
  toHaveEnqueued(
    this: MatcherContext,
    queue: unknown,
    name: string,
    payload?: unknown,
    options: EnqueuedOptions = {},
  ): MatcherResult {
    checkKeys(options, 'options of toHaveEnqueued', ['id', 'delay', 'runAt', 'priority', 'group', 'times']);
    const { id, delay, runAt, priority, group } = options;
    return judge(this, 'toHaveEnqueued', queue, enqueuedIn, { name, payload, options }, [
      expects(id, ({ record }) => record.id),
      expects(delay === undefined ? undefined : delayMsOf(delay), delayOf),
      expects(runAt, ({ snapshot }) => snapshot.runAt),
      expects(priority, ({ record }) => record.priority),
      expects(group, ({ record }) => record.group),
    ]);
  },

  toHaveCompleted(
    this: MatcherContext,
    queue: unknown,
    name: string,
    payload?: unknown,
    options: CompletedOptions = {},
  ): MatcherResult {
    checkKeys(options, 'options of toHaveCompleted', ['id', 'result', 'attempt', 'times']);
    const { id, result, attempt } = options;
    return judge(
      this,
      'toHaveCompleted',
      queue,
      (ledger) => ledger.in('completed'),
      { name, payload, options },
      [
        expects(id, ({ record }) => record.id),
        expects(result, ({ snapshot }) => snapshot.result),
        expects(attempt, ({ snapshot }) => snapshot.attempt),
      ],
    );
  },

  toHaveDied(
    this: MatcherContext,
    queue: unknown,
    name: string,
    payload?: unknown,
    options: DiedOptions = {},
  ): MatcherResult {
    checkKeys(options, 'options of toHaveDied', ['id', 'error', 'attempt', 'times']);
    const { id, error, attempt } = options;
    return judge(this, 'toHaveDied', queue, (ledger) => ledger.in('dead'), { name, payload, options }, [
      expects(id, ({ record }) => record.id),
      diedOf(error),
      expects(attempt, ({ snapshot }) => snapshot.attempt),
    ]);
  },
};

/** Adds the matchers to the `expect` of the test that runs, if that is a global. */
export function registerMatchers(): void {
  const expect: unknown = Reflect.get(globalThis, 'expect');
  if (typeof expect !== 'function') return;
  const extend: unknown = Reflect.get(expect, 'extend');
  if (typeof extend === 'function') Reflect.apply(extend, expect, [depotMatchers]);
}

interface Expected {
  readonly name: string;
  readonly payload: unknown;
  readonly options: { readonly times?: number };
}

function judge(
  context: MatcherContext,
  matcher: string,
  queue: unknown,
  pick: (ledger: QueueLedger) => readonly Entry[],
  { name, payload, options }: Expected,
  checks: readonly Check[],
): MatcherResult {
  const ledger = ledgerOf(queue);
  if (!ledger) {
    throw new DepotConfigError(
      `${matcher} is for a queue of the test kit: expect(depot.queue('email')).${matcher}('${name}')`,
    );
  }
  const { iterableEquality } = context.utils;
  const testers = [
    ...(context.customTesters ?? []),
    ...(iterableEquality === undefined ? [] : [iterableEquality]),
  ];
  const equal = (actual: unknown, expected: unknown): boolean => context.equals(actual, expected, testers);
  const all = [expects(payload, ({ snapshot }) => snapshot.payload), ...checks];
  const fitting = pick(ledger).filter(
    (entry) => entry.name === name && all.every((check) => check(entry, equal)),
  );
  const { times } = options;
  const pass = times === undefined ? fitting.length > 0 : fitting.length === times;
  const call = [name, payload, options].slice(
    0,
    Object.keys(options).length > 0 ? 3 : payload === undefined ? 1 : 2,
  );
  const what = `expect(queue).${context.isNot ? 'not.' : ''}${matcher}(${call.map(shown).join(', ')})`;
  return {
    pass,
    message: () => `${what}\n\n${fitting.length} of these:\n${inventory(ledger)}`,
  };
}

/** `undefined` expects nothing. */
function expects(expected: unknown, actual: (entry: Entry) => unknown): Check {
  return (entry, equal) => expected === undefined || equal(actual(entry), expected);
}

/** A text is looked for in the message, as `toThrow` does. */
function diedOf(expected: unknown): Check {
  return ({ snapshot }, equal) => {
    const error = snapshot.error;
    if (expected === undefined) return true;
    if (typeof expected === 'string') return error?.message.includes(expected) ?? false;
    if (expected instanceof RegExp) return expected.test(error?.message ?? '');
    return equal(error, expected);
  };
}

const delayMsOf = (delay: Duration): number => toMs(delay, 'options of toHaveEnqueued: delay');

function delayOf({ snapshot }: Entry): number {
  return snapshot.runAt ? snapshot.runAt.getTime() - snapshot.enqueuedAt.getTime() : 0;
}

const LISTED = 50;

/** Everything that the queue has, a line for each task. */
function inventory(ledger: QueueLedger): string {
  const entries = ledger.in(...TASK_STATES);
  if (entries.length === 0) return '  (the queue has no tasks)';
  const lines = entries.slice(0, LISTED).map(line);
  if (entries.length > LISTED) lines.push(`  … and ${entries.length - LISTED} more`);
  return lines.join('\n');
}

function line({ record, name, snapshot }: Entry): string {
  const parts = [`  ${record.state.padEnd(9)} ${name}`, shown(snapshot.payload)];
  if (snapshot.runAt) parts.push(`runs at ${snapshot.runAt.toISOString()}`);
  if (snapshot.attempt > 0) parts.push(`attempt ${snapshot.attempt}`);
  if (snapshot.state === 'completed') parts.push(`result ${shown(snapshot.result)}`);
  if (snapshot.error) parts.push(`${snapshot.error.name}: ${snapshot.error.message}`);
  return parts.join('  ');
}

const shown = (value: unknown): string => inspect(value, { depth: 6, breakLength: Infinity, compact: true });
