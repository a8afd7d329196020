import { expect } from '@jest/globals';
import type { QueueBroker, TaskRecord } from '../../lib/task/task.broker.js';
import { TASK_STATES } from '../../lib/task/task.state.js';
import { numberOf, PLACES, type EngineUnderTest, type Stored } from './task-broker.engine.js';

/** Fails when an invariant of the queue's store is broken, or what the broker tells of it is not what is stored. */
export async function checkQueue(
  engine: EngineUnderTest,
  queue: QueueBroker,
  tombstones: ReadonlySet<string> = new Set(),
): Promise<void> {
  const stored = await engine.look(queue.name);
  checkStored(stored, engine.now(), tombstones);
  await checkTold(queue, stored, tombstones);
}

export function checkStored(stored: Stored, now: number, tombstones: ReadonlySet<string>): void {
  const { records, places, holders, consumers, idle, sideRecords, suspected, unique, next } = stored;
  const known = new Set([...records, ...tombstones]);
  const placed = PLACES.flatMap((place) => places[place]).filter((id) => !tombstones.has(id));
  const once = new Set<string>();
  const twice = placed.filter((id) => once.size === once.add(id).size);
  const numbers = new Set([...consumers.keys()].map(numberOf));
  const { waiting, suspects, delayed, blocked, active, parked } = places;
  const unfinished = new Set([...waiting, ...suspects, ...delayed, ...blocked, ...active, ...parked]);
  const broken = {
    'I1: tasks that are nowhere': records.filter((id) => !once.has(id)),
    'I1: in two places': twice,
    'I1: without a record': placed.filter((id) => !known.has(id)),
    'I2: in hand of nobody who is watched': [...holders].filter(([, number]) => !numbers.has(number)),
    'I3: waiting though somebody is idle': mayWait(stored, now) ? [] : stored.levels,
    'left of tasks that are gone': sideRecords.filter((id) => !known.has(id)),
    'left of consumers that are gone': [...idle.keys(), ...suspected.keys()].filter(
      (name) => !consumers.has(name),
    ),
    'idle with no free slot': [...idle].filter(([, free]) => free <= 0),
    'suspects in no hand': [...suspected].filter(([consumer, id]) => holders.get(id) !== numberOf(consumer)),
    'a unique key of what has ended': [...unique].filter(([, id]) => !unfinished.has(id)),
    'blocked by nothing': [...next].filter(([by, id]) => !unfinished.has(by) || !blocked.includes(id)),
    'blocked for ever': blocked.filter((id) => ![...next.values()].includes(id)),
    'to be cancelled and in no hand': stored.flags.filter((id) => !holders.has(id)),
    'taken out of a list that it is not in': stored.astray,
  };
  expect(Object.entries(broken).filter(([, items]) => items.length > 0)).toEqual([]);
}

/** Nothing waits in a level that anybody idle may have; an event is there for whoever looks first. */
function mayWait({ limits, isPaused, places, idle, consumers }: Stored, now: number): boolean {
  if (isPaused || limits.rate) return true;
  if (limits.concurrency !== undefined && places.active.length >= limits.concurrency) return true;
  return [...idle.keys()].every((name) => (consumers.get(name) ?? 0) < now);
}

/** Fails when the broker tells something else than what is stored, or counts other tasks of groups than are active. */
export async function checkTold(
  queue: QueueBroker,
  stored: Stored,
  tombstones: ReadonlySet<string> = new Set(),
): Promise<void> {
  const { places, limits, inflight } = stored;
  const waiting = [...places.suspects, ...places.waiting];
  const counts = Object.fromEntries(
    TASK_STATES.map((state) => [state, state === 'waiting' ? waiting.length : places[state].length]),
  );
  expect(await queue.counts()).toEqual(counts);
  expect(await queue.list('waiting', 0, -1)).toEqual(waiting);
  if (limits.group?.concurrency === undefined) return;
  const groups = new Map<string, number>();
  const held = places.active.filter((id) => !tombstones.has(id));
  for (const { group } of (await queue.read(held)).filter(isThere)) {
    if (group !== undefined) groups.set(group, (groups.get(group) ?? 0) + 1);
  }
  expect(inflight).toEqual(groups);
}

const isThere = (record: TaskRecord | undefined): record is TaskRecord => record !== undefined;
