import type { EmbeddedTask } from './embedded-task.js';
import { SortedSet } from './sorted-set.js';
import { TaskList } from './task-list.js';

/** Turns are remembered of so many groups more than could need one, so that clearing them away costs next to nothing. */
const SPARE_TURNS = 1_024;

/**
 * Tasks of one priority whose groups take turns, whatever each of them has: a task runs in the turn after that of the
 * task before it in its group, or in the present one. Tasks without a group, in a list beside, are a group of their own.
 * Constant time, whatever the number of groups.
 */
export class GroupTurns {
  private readonly tasks = new Map<number, TaskList>();
  /** Those that go before all turns: what was given back, the newest first, then what was held back, in the order of that. */
  private readonly ahead = new SortedSet<EmbeddedTask>();
  private backs = 0;
  /** The next turn of a group; none: it may begin in the present one. */
  private readonly turns = new Map<string, number>();
  private count = 0;
  /** The present turn. Nothing is left of an earlier one. */
  private turn = 0;
  /** The first turn that has tasks, if there is one. */
  private first = 0;
  private ungroupedTurn = 0;

  get size(): number {
    return this.count + this.ahead.size;
  }

  /** Groups of which a turn is remembered. */
  get remembered(): number {
    return this.turns.size;
  }

  push(task: EmbeddedTask, group: string): void {
    const turn = Math.max(this.turn, this.turns.get(group) ?? 0);
    this.turns.set(group, turn + 1);
    this.at(task, turn).push(task);
    if (this.turns.size > 2 * this.count + SPARE_TURNS) this.forget();
  }

  /** It is the next. */
  unshift(task: EmbeddedTask): void {
    this.ahead.set(task, -++this.backs);
  }

  /** It is the next, but for those that were held back before it was. */
  goAhead(task: EmbeddedTask, heldRank: number): void {
    this.ahead.set(task, heldRank);
  }

  shift(): EmbeddedTask | undefined {
    const [first] = this.ahead.size > 0 ? this.ahead.popUpTo(Number.POSITIVE_INFINITY, 1) : [];
    if (first) return first;
    const task = this.tasks.get(this.first)?.first;
    if (!task) return undefined;
    this.turn = this.first;
    this.delete(task);
    return task;
  }

  delete(task: EmbeddedTask): void {
    if (this.ahead.size > 0 && this.ahead.delete(task)) return;
    const list = this.tasks.get(task.turn);
    if (!list) return;
    list.remove(task);
    this.count--;
    if (list.length > 0) return;
    this.tasks.delete(task.turn);
    if (task.turn === this.first && this.count > 0) this.first = this.firstFrom(task.turn + 1);
  }

  /** A task without a group, if there is one, goes before the first of these. */
  get ungroupedIsNext(): boolean {
    if (this.ahead.size > 0) return false;
    return this.count === 0 || Math.max(this.ungroupedTurn, this.turn) <= this.first;
  }

  /** A task without a group has had its turn. */
  ungroupedRan(): void {
    this.turn = Math.max(this.ungroupedTurn, this.turn);
    this.ungroupedTurn = this.turn + 1;
  }

  *[Symbol.iterator](): Generator<EmbeddedTask> {
    yield* this.ahead.range(0, -1);
    for (const [, list] of [...this.tasks].sort(([a], [b]) => a - b)) yield* list;
  }

  private at(task: EmbeddedTask, turn: number): TaskList {
    let list = this.tasks.get(turn);
    if (!list) this.tasks.set(turn, (list = new TaskList()));
    if (this.count === 0 || turn < this.first) this.first = turn;
    this.count++;
    task.turn = turn;
    return list;
  }

  /** Turns follow one another closely, unless very many tasks were taken out. */
  private firstFrom(turn: number): number {
    for (let at = turn; at < turn + this.tasks.size; at++) if (this.tasks.has(at)) return at;
    let first = Number.POSITIVE_INFINITY;
    for (const at of this.tasks.keys()) first = Math.min(first, at);
    return first;
  }

  /**
   * Groups that have nothing, or nothing beyond the present turn: their next task would not overtake an earlier one
   * without it, either.
   */
  private forget(): void {
    for (const [group, turn] of this.turns) if (turn <= this.turn + 1) this.turns.delete(group);
  }
}
