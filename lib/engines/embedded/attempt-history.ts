import type { EmbeddedTask } from './embedded-task.js';

/** A failed attempt, and when it ended. */
export interface Failure {
  readonly at: number;
  readonly outcome: string;
}

/** Of a log, and of a history. */
const LIMIT_BYTES = 65_536;

/**
 * The outcome of the newest attempt; `failedAt` says when it ended if it failed. What was there of a failed attempt
 * becomes history.
 */
export function replaceOutcome(task: EmbeddedTask, outcome: string | undefined, failedAt?: number): void {
  if (task.failedAt !== undefined && task.outcome !== undefined) {
    const history = [...task.history, { at: task.failedAt, outcome: task.outcome }];
    task.history = newest(history, ({ outcome: text }) => Buffer.byteLength(text));
  }
  task.outcome = outcome;
  task.failedAt = failedAt;
}

/** Cuts the log at 64 KiB, oldest lines first. */
export function appendToLog(task: EmbeddedTask, text: string): void {
  task.log = newest([...task.log, ...text.split('\n')], (line) => Buffer.byteLength(line) + 1, -1);
}

/** Drops the oldest until the rest is small enough; the newest stays, however large. */
function newest<T>(items: T[], bytesOf: (item: T) => number, empty = 0): readonly T[] {
  let bytes = items.reduce((sum, item) => sum + bytesOf(item), empty);
  let dropped = 0;
  for (const item of items) {
    if (bytes <= LIMIT_BYTES || dropped === items.length - 1) break;
    bytes -= bytesOf(item);
    dropped++;
  }
  return dropped > 0 ? items.slice(dropped) : items;
}
