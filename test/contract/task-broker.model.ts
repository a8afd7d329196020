import { expect } from '@jest/globals';
import type { Added, NewTask, QueueLimits } from '../../lib/task/task.broker.js';
import { PLACES, type Place, type Stored } from './task-broker.engine.js';
import { ADDED, exists, FULL, inPlaceOf } from './task-broker.fleet.js';

/** What is known of a task from what was said to the broker and heard of it. */
interface Known {
  readonly task: NewTask;
  /** Attempts used. */
  tries: number;
  /** Left out once it was claimed. */
  expiresAt: number | undefined;
}

const UNFINISHED: readonly Place[] = ['waiting', 'suspects', 'delayed', 'blocked', 'active', 'parked'];
const ENDED: readonly Place[] = ['completed', 'dead', 'cancelled', 'expired'];

/** What must be true of a queue after a history, as simply as it can be said; where a task is, it reads in the store. */
export class Model {
  readonly known = new Map<string, Known>();
  /** Tasks that have not ended. */
  readonly live = new Set<string>();
  /** Those of them that somebody wanted to cancel while they were in hand. */
  readonly cancelling = new Set<string>();
  readonly pausedNames = new Set<string>();
  isPaused = false;
  private active: ReadonlySet<string> = new Set();

  constructor(private readonly limits: QueueLimits) {}

  triesOf(id: string): number {
    return this.known.get(id)?.tries ?? 0;
  }

  nameOf(id: string): string {
    return this.known.get(id)?.task.envelope.split('\n', 1)[0]?.slice(1) ?? '';
  }

  groupOf(id: string): string | undefined {
    return this.known.get(id)?.task.group;
  }

  keyOf(id: string): string | undefined {
    return this.known.get(id)?.task.unique?.key;
  }

  priorityOf(id: string): number {
    return this.known.get(id)?.task.priority ?? 5;
  }

  /** When the next of those expires that nobody has claimed. */
  get firstExpiry(): number {
    const expiries = [...this.live].map((id) => this.known.get(id)?.expiresAt ?? Number.POSITIVE_INFINITY);
    return Math.min(...expiries);
  }

  /** What `add` has to answer. */
  foretell(added: readonly NewTask[], { places }: Stored): readonly Added[] {
    const at = new Map(PLACES.flatMap((place) => places[place].map((id) => [id, place] as const)));
    const isBacklog = (id: string): boolean => ['waiting', 'suspects', 'delayed'].includes(at.get(id) ?? '');
    const keys = new Map([...at.keys()].map((id) => [id, this.keyOf(id)]));
    const withKey = (key: string | undefined, wanted: readonly Place[]): string | undefined =>
      [...at].find(([id, place]) => key !== undefined && keys.get(id) === key && wanted.includes(place))?.[0];
    return added.map(({ id, unique, due }) => {
      if (at.has(id)) return exists(id);
      const blocked = withKey(unique?.key, ['blocked']);
      const holder = withKey(
        unique?.key,
        UNFINISHED.filter((place) => place !== 'blocked'),
      );
      const isHeld = holder !== undefined && at.get(holder) === 'active';
      if (holder !== undefined && (unique?.mode === 'reject' || (unique?.mode === 'replace' && isHeld))) {
        return exists(holder);
      }
      const replaced = isHeld ? blocked : holder;
      const grows = !isHeld && !(replaced !== undefined && isBacklog(replaced));
      const { backlog } = this.limits;
      if (grows && backlog !== undefined && [...at.keys()].filter(isBacklog).length >= backlog) return FULL;
      for (const gone of [replaced, blocked]) if (gone !== undefined) at.set(gone, 'cancelled');
      at.set(id, isHeld ? 'blocked' : due ? 'delayed' : 'waiting');
      keys.set(id, unique?.key);
      return replaced === undefined ? ADDED : inPlaceOf(replaced);
    });
  }

  /** Whether `retry` has to begin it anew. */
  canRetry(id: string, { places }: Stored): boolean {
    if (places.parked.includes(id)) return true;
    if (!ENDED.some((place) => places[place].includes(id))) return false;
    const key = this.keyOf(id);
    return key === undefined || ![...this.live].some((other) => this.keyOf(other) === key);
  }

  add(task: NewTask, now: number): void {
    const due = task.due && 'inMs' in task.due ? task.due.inMs : 0;
    const expiresAt = task.expiresInMs === undefined ? undefined : now + due + task.expiresInMs;
    this.known.set(task.id, { task, tries: 0, expiresAt });
    this.live.add(task.id);
  }

  /** It is to be tried again, with so many attempts used; unless it was to be cancelled. */
  retry(id: string, tries: number): void {
    const known = this.known.get(id);
    if (known) known.tries = tries;
    if (this.cancelling.has(id)) this.live.delete(id);
  }

  /** Somebody had these in hand. */
  claim(tasks: readonly { readonly id: string }[]): void {
    for (const { id } of tasks) {
      const known = this.known.get(id);
      if (known) known.expiresAt = undefined;
    }
  }

  revive(id: string): void {
    const known = this.known.get(id);
    if (!known) return;
    known.tries = 0;
    known.expiresAt = undefined;
    this.live.add(id);
  }

  /** Fails when something has happened in the store that nobody has said. */
  observe(stored: Stored, now: number): void {
    const { places } = stored;
    const unfinished = new Set(UNFINISHED.flatMap((place) => places[place]));
    const held = new Set(places.active);
    const begun = places.active.filter((id) => !this.active.has(id));
    const wrong = {
      'cancelled and not ended': [...this.cancelling].filter((id) => !held.has(id) && unfinished.has(id)),
      'ended and here again': [...unfinished].filter((id) => !this.live.has(id)),
      'ended by nobody': [...this.live].filter(
        (id) => !unfinished.has(id) && !this.mayHaveEnded(id, places, now),
      ),
      'begun while paused': begun.filter((id) => this.isPaused || this.pausedNames.has(this.nameOf(id))),
      'begun too late': begun.filter((id) => (this.known.get(id)?.expiresAt ?? now + 1) <= now),
      'two with a key': this.doubles([...unfinished].filter((id) => !places.blocked.includes(id))),
      'two blocked for a key': this.doubles(places.blocked),
      'more than may be in hand': places.active.slice(this.limits.concurrency ?? places.active.length),
      'more of a group than may be in hand': this.overGroup(places.active),
    };
    expect(Object.entries(wrong).filter(([, ids]) => ids.length > 0)).toEqual([]);
    for (const id of [...this.live]) if (!unfinished.has(id)) this.live.delete(id);
    for (const id of [...this.cancelling]) if (!held.has(id)) this.cancelling.delete(id);
    this.claim(places.active.map((id) => ({ id })));
    this.active = held;
  }

  /** Ends that nobody has asked for just now: burial with a worker, too late, cancelled or replaced before. */
  private mayHaveEnded(id: string, places: Stored['places'], now: number): boolean {
    if (places.dead.includes(id)) return true;
    const known = this.known.get(id);
    if (places.expired.includes(id)) return (known?.expiresAt ?? now + 1) <= now;
    const mode = known?.task.unique?.mode;
    return (
      places.cancelled.includes(id) && (this.cancelling.has(id) || mode === 'replace' || mode === 'keepLast')
    );
  }

  private doubles(ids: readonly string[]): readonly string[] {
    const keys = ids.map((id) => this.keyOf(id));
    return ids.filter((_, at) => keys[at] !== undefined && keys.indexOf(keys[at]) !== at);
  }

  private overGroup(active: readonly string[]): readonly string[] {
    const most = this.limits.group?.concurrency ?? Number.POSITIVE_INFINITY;
    return active.filter((id, at) => {
      const group = this.groupOf(id);
      return (
        group !== undefined &&
        active.slice(0, at).filter((other) => this.groupOf(other) === group).length >= most
      );
    });
  }
}
