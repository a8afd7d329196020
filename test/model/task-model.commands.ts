import fc from 'fast-check';
import type { Command } from './task-model.command.js';
import * as steering from './task-model.steering.js';
import * as working from './task-model.working.js';

/** An arbitrary is chosen as often as it is there. */
const often = <T>(times: number, command: fc.Arbitrary<T>): fc.Arbitrary<T>[] =>
  Array<fc.Arbitrary<T>>(times).fill(command);

export const COMMANDS: fc.Arbitrary<Command>[] = [
  ...often(9, steering.adding),
  ...often(10, working.stepping),
  ...often(6, working.passing),
  ...often(3, working.joining),
  ...often(2, steering.cancelling),
  ...often(2, steering.retrying),
  ...often(2, steering.pausing),
  ...often(2, steering.awaiting),
  ...often(2, steering.subscribing),
  working.joiningAgain,
  working.leaving,
  ...often(2, working.killing),
  ...often(2, working.waking),
  working.beating,
  working.late,
  working.noting,
  working.tidying,
  ...often(3, working.stalling),
  steering.removing,
  steering.promoting,
  steering.cleaning,
  steering.limiting,
  // It makes an end of what the history was about.
  fc.oneof({ weight: 5, arbitrary: steering.adding }, { weight: 1, arbitrary: steering.obliterating }),
];
