import type { EmbeddedTask } from './embedded-task.js';
import { SortedSet } from './sorted-set.js';

/** Tags are remembered of so many groups more than could need one, so that clearing them away costs next to nothing. */
const SPARE_TAGS = 1_024;

/**
 * Tasks of one priority whose groups take turns, whatever each of them has: a task's tag is the turn in which it may run,
 * one after that of the task before it in its group. Tasks without a group, in a list beside, are a group of their own.
 */
export class GroupTurns {
  private readonly tasks = new SortedSet<EmbeddedTask>();
  /** The next free tag of a group; none: it may begin in the present turn. */
  private readonly tags = new Map<string, number>();
  /** The present turn. */
  private turn = 0;
  private ungroupedTag = 0;

  get size(): number {
    return this.tasks.size;
  }

  /** Groups of which a tag is remembered. */
  get remembered(): number {
    return this.tags.size;
  }

  push(task: EmbeddedTask, group: string): void {
    const tag = Math.max(this.turn, this.tags.get(group) ?? 0);
    this.tags.set(group, tag + 1);
    this.tasks.set(task, tag);
    if (this.tags.size > 2 * this.tasks.size + SPARE_TAGS) this.forget();
  }

  /** It runs in the present turn. */
  unshift(task: EmbeddedTask): void {
    this.tasks.set(task, this.turn);
  }

  shift(): EmbeddedTask | undefined {
    const first = this.tasks.first();
    if (!first) return undefined;
    this.turn = Math.max(this.turn, first.score);
    this.tasks.delete(first.member);
    return first.member;
  }

  delete(task: EmbeddedTask): void {
    this.tasks.delete(task);
  }

  /** A task without a group, if there is one, goes before the first of these. */
  get ungroupedIsNext(): boolean {
    const first = this.tasks.first();
    return !first || Math.max(this.ungroupedTag, this.turn) <= first.score;
  }

  /** A task without a group has had its turn. */
  ungroupedRan(): void {
    this.turn = Math.max(this.ungroupedTag, this.turn);
    this.ungroupedTag = this.turn + 1;
  }

  all(): readonly EmbeddedTask[] {
    return this.tasks.range(0, -1);
  }

  /**
   * Groups that have nothing, or nothing beyond the present turn: their next task would not overtake an earlier one
   * without a tag, either.
   */
  private forget(): void {
    for (const [group, tag] of this.tags) if (tag <= this.turn + 1) this.tags.delete(group);
  }
}
