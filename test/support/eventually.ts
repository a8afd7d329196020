import { setTimeout as pause } from 'node:timers/promises';

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 25;

/**
 * Repeats an assertion until it holds and returns its value: for what another process or connection brings about.
 *
 * @param within milliseconds after which the last failure is thrown; an attempt that hangs counts as a failure
 * @example await eventually(async () => expect(await queue.counts()).toMatchObject({ waiting: 0 }))
 */
export async function eventually<T>(assertion: () => T | Promise<T>, { within = 5_000 } = {}): Promise<T> {
  const deadline = performance.now() + within;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await beforeDeadline(assertion, deadline, within);
    } catch (error) {
      if (performance.now() + pauseMs >= deadline) throw withNote(error, `(still so after ${within} ms)`);
    }
    await pause(pauseMs);
  }
}

async function beforeDeadline<T>(
  assertion: () => T | Promise<T>,
  deadline: number,
  within: number,
): Promise<T> {
  const abort = new AbortController();
  const tooLate = pause(Math.max(1, deadline - performance.now()), undefined, { signal: abort.signal }).then(
    () => {
      throw new Error(`the assertion neither held nor failed within ${within} ms`);
    },
  );
  try {
    return await Promise.race([assertion(), tooLate]);
  } finally {
    abort.abort();
    tooLate.catch(() => undefined);
  }
}

function withNote(error: unknown, note: string): unknown {
  if (error instanceof Error) error.message += ` ${note}`;
  return error;
}
