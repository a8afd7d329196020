import type { EmbeddedTask } from './embedded-task.js';
import { GroupTurns } from './group-turns.js';
import { TaskList } from './task-list.js';

const PRIORITIES = 10;

interface Level {
  readonly list: TaskList;
  /** Made for the first task that has a group. */
  turns: GroupTurns | undefined;
  /** How much it was served, in turns of a level with weight 1. */
  pass: number;
}

/** What waits to be claimed, by priority: strictly the highest first, or each by its weight. */
export class Levels {
  private readonly levels: readonly Level[] = Array.from({ length: PRIORITIES }, () => ({
    list: new TaskList(),
    turns: undefined,
    pass: 0,
  }));
  /** A bit for each priority of which there is a task. */
  private filled = 0;
  private count = 0;
  private weights: readonly number[] | undefined;
  /** The pass at which a level was served last. */
  private passed = 0;

  get size(): number {
    return this.count;
  }

  /** `undefined`: strictly by priority. */
  weigh(weights: readonly number[] | undefined): void {
    this.weights = weights;
    this.passed = 0;
    for (const level of this.levels) level.pass = 0;
  }

  push(task: EmbeddedTask): void {
    const level = this.enter(task);
    if (task.group === undefined) level.list.push(task);
    else (level.turns ??= new GroupTurns()).push(task, task.group);
  }

  unshift(task: EmbeddedTask): void {
    const level = this.enter(task);
    if (task.group === undefined) level.list.unshift(task);
    else (level.turns ??= new GroupTurns()).unshift(task);
  }

  /** One that was held back is the next of its priority, but for those that were held back before. */
  goAhead(task: EmbeddedTask, heldRank: number): void {
    (this.enter(task).turns ??= new GroupTurns()).goAhead(task, heldRank);
  }

  shift(): EmbeddedTask | undefined {
    if (this.filled === 0) return undefined;
    const priority = this.weights ? this.lowestPass() : 31 - Math.clz32(this.filled);
    const level = this.at(priority);
    if (this.weights) {
      this.passed = level.pass;
      level.pass += 1 / (this.weights[priority] ?? 1);
    }
    const task = next(level);
    if (task) this.leave(priority, level);
    return task;
  }

  delete(task: EmbeddedTask): void {
    const level = this.at(task.priority);
    if (task.place === 'turns') level.turns?.delete(task);
    else level.list.remove(task);
    this.leave(task.priority, level);
  }

  /** By priority; those without a group before those with one. */
  *[Symbol.iterator](): Generator<EmbeddedTask> {
    for (const { list, turns } of this.levels.toReversed()) {
      yield* list;
      if (turns) yield* turns;
    }
  }

  private at(priority: number): Level {
    const level = this.levels[priority];
    if (!level) throw new RangeError(`priority ${priority} is not one of 0 to 9`);
    return level;
  }

  private enter(task: EmbeddedTask): Level {
    const { priority } = task;
    const level = this.at(priority);
    const bit = 1 << priority;
    // Whoever had nothing has saved nothing up.
    if (this.weights && (this.filled & bit) === 0) {
      const lowest = this.filled === 0 ? this.passed : this.at(this.lowestPass()).pass;
      level.pass = Math.max(level.pass, lowest);
    }
    this.filled |= bit;
    this.count++;
    task.place = task.group === undefined ? 'list' : 'turns';
    return level;
  }

  private leave(priority: number, { list, turns }: Level): void {
    this.count--;
    if (list.length === 0 && (turns === undefined || turns.size === 0)) this.filled &= ~(1 << priority);
  }

  private lowestPass(): number {
    let lowest: number | undefined;
    for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
      if ((this.filled & (1 << priority)) === 0) continue;
      if (lowest === undefined || this.at(priority).pass < this.at(lowest).pass) lowest = priority;
    }
    return lowest ?? 0;
  }
}

function next({ list, turns }: Level): EmbeddedTask | undefined {
  if (!turns) return list.shift();
  if (list.length === 0 || !turns.ungroupedIsNext) return turns.shift();
  turns.ungroupedRan();
  return list.shift();
}
