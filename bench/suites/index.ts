import type { Suite } from '../harness/suite.js';
import { backlog } from './backlog.suite.js';
import { away } from './cache-away.suite.js';
import { cache } from './cache.suite.js';
import { delayed } from './delayed.suite.js';
import { distance } from './distance.suite.js';
import { embedded } from './embedded.suite.js';
import { latency } from './latency.suite.js';
import { locks } from './locks.suite.js';
import { memory } from './memory.suite.js';
import { tasks } from './tasks.suite.js';

/** All that there are, in the order in which they are listed. */
export const SUITES: readonly Suite[] = [
  tasks,
  latency,
  delayed,
  memory,
  cache,
  away,
  locks,
  embedded,
  distance,
  backlog,
];
