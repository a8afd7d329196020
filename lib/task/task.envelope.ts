import { PayloadError, show } from '../common/errors.js';
import type { BackoffPolicy } from '../common/backoff.js';
import { timeText } from '../common/time.text.js';

/**
 * A task as it is stored: version, name, time, own options and payload, a line each, written once and never parsed by
 * the engine beyond its first line. Readable in `redis-cli`; 13 bytes and the name around the payload.
 *
 * ```
 * 1welcome\n
 * m8x2k1f0\n                     when it was added, milliseconds in base 36; `m8x2k1f0+9c4` with a delay of 9c4
 * {"attempts":5}\n               options of this task alone; mostly empty
 * {"to":"ann@example.com"}       the payload, as the codec wrote it
 * ```
 */
export interface Envelope {
  readonly name: string;
  readonly enqueuedAt: number;
  /** How much later it was to run. @default 0 */
  readonly delayMs?: number;
  readonly overrides: TaskOverrides;
  readonly payload: string;
}

/** What one task may set for itself, over the options of its handler. */
export interface TaskOverrides {
  readonly attempts?: number;
  readonly backoff?: BackoffPolicy;
  readonly timeoutMs?: number;
  readonly deadlineMs?: number;
  readonly keepResultMs?: number;
  readonly tags?: readonly string[];
}

/** Versions that are read here. What uses nothing that came later is written as the oldest, for workers of before. */
export const ENVELOPE_VERSIONS = ['1', '2'] as const;

export type EnvelopeVersion = (typeof ENVELOPE_VERSIONS)[number];

/** The overrides of most tasks. */
export const NO_OVERRIDES: TaskOverrides = {};

export function writeEnvelope(
  { name, enqueuedAt, delayMs = 0, overrides, payload }: Envelope,
  version: EnvelopeVersion = '1',
): string {
  const options =
    overrides === NO_OVERRIDES || Object.keys(overrides).length === 0 ? '' : JSON.stringify(overrides);
  const delay = delayMs > 0 ? `+${Math.ceil(delayMs).toString(36)}` : '';
  return `${version}${name}\n${timeText(enqueuedAt)}${delay}\n${options}\n${payload}`;
}

/**
 * The envelope of a task that begins anew at that time: its deadline counts from then. As the engines write it, and as
 * workers of before read it, that is a delay since it was added. What is no envelope stays as it is.
 */
export function begunAnew(text: string, atMs: number): string {
  return text.replace(/^([^\n]*\n)([0-9a-z]+)(?:\+[0-9a-z]*)?(?=\n)/, (_, head: string, time: string) => {
    const delayMs = Math.ceil(atMs) - Number.parseInt(time, 36);
    return delayMs > 0 ? `${head}${time}+${delayMs.toString(36)}` : `${head}${time}`;
  });
}

/** @throws UnreadableEnvelopeError when it is of another version, or no envelope at all */
export function readEnvelope(text: string): Envelope {
  const afterName = text.indexOf('\n');
  const afterTime = text.indexOf('\n', afterName + 1);
  const afterOptions = text.indexOf('\n', afterTime + 1);
  if (!isKnown(text)) throw new UnreadableEnvelopeError(text);
  if (afterName < 0 || afterTime < 0 || afterOptions < 0) throw new UnreadableEnvelopeError(text);
  // Stops at the '+' of a delay, as the versions did that knew of none.
  const time = text.slice(afterName + 1, afterTime);
  const enqueuedAt = Number.parseInt(time, 36);
  const plus = time.indexOf('+');
  const delayMs = plus < 0 ? 0 : Number.parseInt(time.slice(plus + 1), 36);
  if (Number.isNaN(enqueuedAt + delayMs)) throw new UnreadableEnvelopeError(text);
  return {
    name: text.slice(1, afterName),
    enqueuedAt,
    delayMs,
    overrides:
      afterOptions === afterTime + 1 ? NO_OVERRIDES : readOverrides(text, afterTime + 1, afterOptions),
    payload: text.slice(afterOptions + 1),
  };
}

function readOverrides(text: string, from: number, to: number): TaskOverrides {
  try {
    return JSON.parse(text.slice(from, to)) as TaskOverrides;
  } catch (cause) {
    throw new UnreadableEnvelopeError(text, { cause });
  }
}

/** The stored record can't be read: broken, of a newer version, or somebody else's. */
export class UnreadableEnvelopeError extends PayloadError {
  /** It claims to be of this version: nobody will ever read it. Any other is left alone, somebody may. */
  readonly broken: boolean;

  constructor(text: string, options?: ErrorOptions) {
    const newer = /^[3-9]/.test(text);
    super(
      newer
        ? `the task was written by a newer version of nestjs-depot (envelope ${text.charAt(0)}, this one reads ${ENVELOPE_VERSIONS.join(' and ')}); it is left for a worker that can read it`
        : `the task's record is no envelope of nestjs-depot: ${show(text)}`,
      options,
    );
    this.broken = isKnown(text);
  }
}

function isKnown(text: string): boolean {
  return text.startsWith(ENVELOPE_VERSIONS[0]) || text.startsWith(ENVELOPE_VERSIONS[1]);
}

/** What an envelope begins with when a worker with a handler of that name can run it. */
export const envelopeHeads = (name: string): readonly string[] =>
  ENVELOPE_VERSIONS.map((version) => `${version}${name}\n`);
