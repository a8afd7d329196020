import type { Retention } from '../../task/task.broker.js';
import type { FinalState } from '../../task/task.state.js';

export type RestingState = FinalState | 'parked';

/** What one call drops at most. */
const LIMIT = 500;

/** When tasks ended or were parked, and which of them have been kept for long enough. */
export class EndedTasks {
  private readonly times: Readonly<Record<RestingState, Map<string, number>>> = {
    completed: new Map(),
    dead: new Map(),
    parked: new Map(),
  };

  constructor(private readonly keep: Readonly<Record<FinalState, Retention>>) {}

  /** Ids, oldest first. */
  ids(state: RestingState): readonly string[] {
    return [...this.times[state].keys()];
  }

  size(state: RestingState): number {
    return this.times[state].size;
  }

  /** In which of these states the task is, and since when. */
  find(id: string): { readonly state: RestingState; readonly at: number } | undefined {
    for (const state of ['completed', 'dead', 'parked'] as const) {
      const at = this.times[state].get(id);
      if (at !== undefined) return { state, at };
    }
    return undefined;
  }

  park(id: string, now: number): void {
    this.times.parked.set(id, now);
  }

  /** Returns the ids that are not kept, perhaps this one. */
  end(state: FinalState, id: string, now: number): readonly string[] {
    const times = this.times[state];
    times.set(id, now);
    const over: string[] = [];
    for (const oldest of times.keys()) {
      if (times.size <= this.keep[state].count) break;
      times.delete(oldest);
      over.push(oldest);
    }
    return over;
  }

  /** Drops and returns ids that are beyond their age, at most 500. */
  expire(state: FinalState, now: number): { readonly ids: readonly string[]; readonly more: boolean } {
    const times = this.times[state];
    const ids: string[] = [];
    for (const [id, at] of times) {
      if (at > now - this.keep[state].ageMs || ids.length === LIMIT) break;
      ids.push(id);
    }
    for (const id of ids) times.delete(id);
    return { ids, more: ids.length === LIMIT };
  }

  /** Says whether it was there. */
  delete(id: string): boolean {
    return this.times.completed.delete(id) || this.times.dead.delete(id) || this.times.parked.delete(id);
  }
}
