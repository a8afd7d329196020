/**
 * For tests that import `expect` from `@jest/globals`: adds the matchers to it, and to its types.
 *
 * @example import 'nestjs-depot/testing/jest';
 */
import { expect } from '@jest/globals';
import { depotMatchers } from './matchers.js';
import type { DepotMatchers } from './matchers.types.js';

expect.extend(depotMatchers);

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends DepotMatchers<R> {}
}
