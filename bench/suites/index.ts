import type { Suite } from '../harness/suite.js';
import { tasks } from './tasks.suite.js';

/** All that there are, in the order in which they are listed and run. */
export const SUITES: readonly Suite[] = [tasks];
