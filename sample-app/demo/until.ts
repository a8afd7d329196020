import { setTimeout as after } from 'node:timers/promises';

/** Asks again and again until there is an answer. */
export async function until<T>(ask: () => Promise<T | undefined>, signal: AbortSignal): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await after(100, undefined, { signal });
  }
}
