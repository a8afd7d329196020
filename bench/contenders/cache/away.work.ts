import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { item, type Item } from './cache.contender.js';
import { cache, check, having } from './opened.js';

export interface Outage {
  readonly factoryMs: number;
  /** For longer nobody waits for an answer. */
  readonly limitMs: number;
  /** How often it is asked after the first time; less often once there was no answer. */
  readonly later: number;
}

/** How long an answer took, over what its factory took; `undefined`: there was none, or an error. */
export type Answer = number | undefined;

const WARM_ASKS = 50;
const LOOK_EVERY_MS = 5;

/** Other keys each time: none is in memory. */
let asked = 0;

/** Asks while Redis is well, so that all code has run. */
export async function settle(limitMs: number): Promise<void> {
  for (let i = 0; i < WARM_ASKS; i++) {
    if ((await ask(0, limitMs)) === undefined)
      throw new Error('there is no answer from a Redis that is well');
  }
}

/** Asks while Redis is away, one key after the other; the first answer, and the later ones. */
export async function askAway({ factoryMs, limitMs, later }: Outage): Promise<Answer[]> {
  const answers: Answer[] = [];
  while (answers.length <= later) {
    const begun = performance.now();
    const answer = await ask(factoryMs, limitMs);
    answers.push(answer);
    const gaveUp = answer === undefined && performance.now() - begun >= limitMs;
    if (gaveUp && answers.length > 1) break;
  }
  return answers;
}

/** Milliseconds until something that is set now can be found on Redis, `undefined`: not in time. */
export async function recovery(redis: string, limitMs: number): Promise<Answer> {
  const { set } = cache();
  const watcher = new Redis(redis);
  const begun = performance.now();
  const run = `back-${asked++}`;
  try {
    for (let i = 0; performance.now() - begun < limitMs; i++) {
      // It may be that nobody ever hears of it.
      set(`${run}:${i}`, item(i)).catch(() => undefined);
      await pause(LOOK_EVERY_MS);
      if ((await watcher.keys(`*${run}*`)).length > 0) return performance.now() - begun;
    }
    return undefined;
  } finally {
    watcher.disconnect();
  }
}

async function ask(factoryMs: number, limitMs: number): Promise<Answer> {
  const getOrSet = having('getOrSet');
  const id = asked++;
  let calls = 0;
  let madeInMs = 0;
  const factory = async (): Promise<Item> => {
    calls++;
    const begun = performance.now();
    await pause(factoryMs);
    madeInMs = performance.now() - begun;
    return item(id);
  };
  const begun = performance.now();
  const answered = getOrSet(`away:${id}`, factory).then(
    (found) => {
      check(found, id);
      return performance.now() - begun - madeInMs;
    },
    () => undefined,
  );
  const ended = new AbortController();
  const gaveUp = pause(limitMs, undefined, ended).catch(() => undefined);
  const answer = await Promise.race([answered, gaveUp]);
  ended.abort();
  if (answer !== undefined && calls !== 1) throw new Error(`the factory was called ${calls} times for a key`);
  return answer;
}
