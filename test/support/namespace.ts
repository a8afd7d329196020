import { randomBytes } from 'node:crypto';

/** A namespace that no other test has, in this process or another, so that tests share one Redis in peace. */
export function uniqueNamespace(label = 'test'): string {
  return `${label}-${randomBytes(6).toString('hex')}`;
}
