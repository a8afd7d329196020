import { randomBytes } from 'node:crypto';

/** 84 random bits. One more character, and Redis would need 16 bytes more for each place where it keeps the id. */
const LENGTH = 14;

/** Ids of one call for random bytes: asking for few costs as much as asking for many. */
const AT_ONCE = 64;

let characters = '';

/** An id that nobody has: random, without a place that could run out or meet another process's. */
export function newTaskId(): string {
  if (characters.length < LENGTH) characters = randomBytes((AT_ONCE * LENGTH * 6) / 8).toString('base64url');
  const id = characters.slice(0, LENGTH);
  characters = characters.slice(LENGTH);
  return id;
}
