import { isDeepStrictEqual } from 'node:util';
import { DepotConfigError, show } from '../common/errors.js';
import { checkKeys, wholeNumber } from '../common/options.js';
import type { TaskSnapshot } from './queue.js';
import type { QueueBroker, TaskRecord } from './task.broker.js';
import { TASK_STATES, type TaskState } from './task.state.js';

/** Which tasks are meant. What is left out is not asked of them. */
export interface TaskFilter {
  /** @default all states */
  readonly state?: TaskState | readonly TaskState[];
  /** The name of the task. */
  readonly name?: string;
  /** One of its tags. */
  readonly tag?: string;
  /** Added then or later. */
  readonly since?: Date;
  /** Added before that. */
  readonly until?: Date;
  /** What its payload has at these paths, e.g. `{ 'user.id': 7 }`, or whatever else is asked of it. */
  readonly where?: Readonly<Record<string, unknown>> | ((task: TaskSnapshot) => boolean);
}

export interface TaskSearch extends TaskFilter {
  /** How many tasks are found at most, 1 to 1,000. @default 100 */
  readonly limit?: number;
  /** Goes on where a search with the same filter has ended. */
  readonly cursor?: string;
}

export interface TaskPage {
  readonly tasks: TaskSnapshot[];
  /** Where to go on; `undefined`: that was all. There may be more even when nothing was found: a search looks at 10,000 tasks at most. */
  readonly cursor: string | undefined;
}

const FILTER_KEYS = ['state', 'name', 'tag', 'since', 'until', 'where'];
/** Tasks that are read at a time … */
const PAGE = 500;
/** … and in one search. */
const MOST_LOOKED_AT = 10_000;

/** Where a search goes on: behind the task `id`, which stood just before `next` in its state when it was looked at. */
interface Place {
  readonly state: TaskState;
  readonly next: number;
  readonly id: string;
}

/** Looks through a queue, state by state, a bounded number of tasks at a time. */
export class TaskSearcher {
  constructor(
    private readonly broker: Pick<QueueBroker, 'list' | 'read'>,
    private readonly show: (record: TaskRecord) => TaskSnapshot,
  ) {}

  /** @throws DepotConfigError when the filter is wrong */
  async search(search: TaskSearch): Promise<TaskPage> {
    checkKeys(search, 'the search', [...FILTER_KEYS, 'limit', 'cursor']);
    const limit = wholeNumber(search.limit ?? 100, 1, 1_000, 'limit of the search');
    const states = statesOf(search.state);
    const fits = matcher(search);
    let place = search.cursor === undefined ? firstOf(states) : await this.resumed(search.cursor, states);
    const tasks: TaskSnapshot[] = [];
    for (let looked = 0; place && tasks.length < limit && looked < MOST_LOOKED_AT;) {
      const ids = await this.broker.list(place.state, place.next, place.next + PAGE - 1);
      if (ids.length === 0) place = firstOf(states.slice(states.indexOf(place.state) + 1));
      // A task may have gone since its id was listed.
      for (const record of await this.broker.read(ids)) {
        if (!place || tasks.length === limit) break;
        looked++;
        place = { ...place, next: place.next + 1, id: record?.id ?? place.id };
        const task = record && fits(record, this.show);
        if (task) tasks.push(task);
      }
    }
    return { tasks, cursor: place && JSON.stringify([place.state, place.next, place.id]) };
  }

  /** All that fit, however many: their ids. @throws DepotConfigError when the filter is wrong */
  async ids(filter: TaskFilter): Promise<readonly string[]> {
    checkKeys(filter, 'the filter', FILTER_KEYS);
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.search({ ...filter, limit: 1_000, ...(cursor !== undefined && { cursor }) });
      for (const { id } of page.tasks) ids.push(id);
      cursor = page.cursor;
    } while (cursor !== undefined);
    // A task may have gone from one state to another meanwhile.
    return [...new Set(ids)];
  }

  /** Tasks that went away before it have moved the last one seen forward. */
  private async resumed(cursor: string, states: readonly TaskState[]): Promise<Place> {
    const place = placeOf(cursor, states);
    if (place.id === '') return place;
    const from = Math.max(0, place.next - PAGE);
    const before = await this.broker.list(place.state, from, place.next - 1);
    const found = before.lastIndexOf(place.id);
    return found < 0 ? place : { ...place, next: from + found + 1 };
  }
}

const firstOf = ([state]: readonly TaskState[]): Place | undefined => state && { state, next: 0, id: '' };

function placeOf(cursor: string, states: readonly TaskState[]): Place {
  try {
    const [state, next, id] = JSON.parse(cursor) as [unknown, unknown, unknown];
    const known = states.find((one) => one === state);
    if (known && Number.isInteger(next) && typeof id === 'string')
      return { state: known, next: Number(next), id };
  } catch {
    // Said below.
  }
  throw new DepotConfigError(
    `cursor of the search is ${show(cursor)}; expected the one that a search with the same states returned`,
  );
}

/** The states that are asked for. @throws DepotConfigError when one is none */
export function statesOf(state: TaskFilter['state']): readonly TaskState[] {
  if (state === undefined) return TASK_STATES;
  const states: readonly unknown[] = Array.isArray(state) ? state : [state];
  return states.map((one) => {
    const known = TASK_STATES.find((name) => name === one);
    if (known) return known;
    throw new DepotConfigError(`state is ${show(one)}; expected one of ${TASK_STATES.join(', ')}`);
  });
}

type Matcher = (record: TaskRecord, shown: (record: TaskRecord) => TaskSnapshot) => TaskSnapshot | undefined;

/** The name that an envelope begins with. */
export const nameOf = (envelope: string): string => envelope.slice(1, Math.max(1, envelope.indexOf('\n')));

/** What can be said without reading the payload is asked first. */
function matcher({ name, tag, since, until, where }: TaskFilter): Matcher {
  const from = timeOf(since, 'since', Number.NEGATIVE_INFINITY);
  const to = timeOf(until, 'until', Number.POSITIVE_INFINITY);
  const wanted = condition(where);
  return (record, shown) => {
    if (name !== undefined && nameOf(record.envelope) !== name) return undefined;
    const task = shown(record);
    const addedAt = task.enqueuedAt.getTime();
    if (addedAt < from || addedAt >= to) return undefined;
    if (tag !== undefined && !task.tags.includes(tag)) return undefined;
    return wanted(task) ? task : undefined;
  };
}

function timeOf(value: unknown, name: string, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime();
  throw new DepotConfigError(`${name} of the search is ${show(value)}; expected a valid Date`);
}

function condition(where: TaskFilter['where']): (task: TaskSnapshot) => boolean {
  if (where === undefined) return () => true;
  if (typeof where === 'function') return where;
  if (typeof where !== 'object') {
    throw new DepotConfigError(
      `where of the search is ${show(where)}; expected { path: value } or a function`,
    );
  }
  const wanted = Object.entries(where).map(([path, value]) => [path.split('.'), value] as const);
  return ({ payload }) =>
    wanted.every(([path, value]) => isDeepStrictEqual(path.reduce(within, payload), value));
}

/** The part of a value with that name: its own property, or an entry of a map. */
function within(value: unknown, name: string): unknown {
  if (value instanceof Map) return value.get(name);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
