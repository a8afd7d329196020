import type { Added, NewTask } from '../../task/task.broker.js';
import type { LuaScript } from './lua.js';
import { added, dueText, hasTraits, traitsText } from './redis-task.texts.js';
import { ADD, ADD_LATER, ADD_WITH_TRAITS } from './scripts/add.lua.js';

/** Tasks of one call of `add` at most, and their characters, so that none blocks Redis, or travels, for long. */
const ADD_LIMIT = 500;
const ADD_CHARACTERS = 1_000_000;

/** One call of `add`. */
export interface AddCall {
  readonly tasks: readonly NewTask[];
  readonly script: LuaScript;
  /** What the script is told of the tasks. */
  readonly args: readonly string[];
}

/** The calls that add these tasks, in order; one task goes, however large. */
export function addCalls(tasks: readonly NewTask[]): readonly AddCall[] {
  const calls: AddCall[] = [];
  for (let from = 0, end = 0; from < tasks.length; from = end) {
    end = endOfCall(tasks, from);
    calls.push(addCall(from === 0 && end === tasks.length ? tasks : tasks.slice(from, end)));
  }
  return calls;
}

/** What came of each task of a call. */
export function addedBy({ tasks }: AddCall, answer: unknown): readonly Added[] {
  const answers = answer as number | readonly (number | string)[];
  return tasks.map(({ id }, i) => added(id, typeof answers === 'number' ? 1 : (answers[i] ?? 0)));
}

function addCall(tasks: readonly NewTask[]): AddCall {
  const script = scriptFor(tasks);
  const args: string[] = [];
  for (const task of tasks) {
    args.push(task.id, task.envelope);
    if (script !== ADD) args.push(dueText(task.due), traitsText(task));
  }
  return { tasks, script, args };
}

function scriptFor(tasks: readonly NewTask[]): LuaScript {
  if (tasks.some(hasTraits)) return ADD_WITH_TRAITS;
  return tasks.some(({ due }) => due) ? ADD_LATER : ADD;
}

function endOfCall(tasks: readonly NewTask[], from: number): number {
  let characters = 0;
  let end = from;
  for (const { envelope } of tasks.slice(from, from + ADD_LIMIT)) {
    characters += envelope.length;
    if (characters > ADD_CHARACTERS && end > from) break;
    end++;
  }
  return end;
}
