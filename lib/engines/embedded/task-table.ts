import { isStored, type EmbeddedTask } from './embedded-task.js';

/** Of an empty table. The number of places is a power of two. */
const FEWEST_PLACES = 64;
/** Whoever chooses ids does not choose where they go. */
const SEED = Math.floor(Math.random() * 2 ** 31);

/**
 * The tasks that are stored, by id: a hash table in an array of numbers, at most half full, that knows where in an array
 * each task is. A `Map` of a million tasks waits for memory several times at each look-up, and stops everything for a
 * tenth of a second when it grows. A small one that is busy is built anew all the time, and what its former tables point
 * to, long gone, is alive for the collector until the next full collection.
 */
export class TaskTable {
  private slots: (EmbeddedTask | undefined)[] = [];
  private free: number[] = [];
  private count = 0;
  /** Two numbers a place: a hash, and 1 + the slot of the task whose id has it; 0: the place is free. */
  private places = new Int32Array(2 * FEWEST_PLACES);
  private mask = FEWEST_PLACES - 1;

  get size(): number {
    return this.count;
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  get(id: string): EmbeddedTask | undefined {
    const { places, mask, slots } = this;
    const hash = hashOf(id);
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = places[2 * at + 1] ?? 0;
      if (slot === 0) return undefined;
      if (places[2 * at] !== hash) continue;
      const task = slots[slot - 1];
      if (task?.id === id) return task;
    }
  }

  /** No task has its id. */
  add(task: EmbeddedTask): void {
    this.count++;
    if (2 * this.count > this.mask) this.grow();
    task.slot = this.free.pop() ?? this.slots.length;
    this.slots[task.slot] = task;
    this.put(hashOf(task.id), task.slot + 1);
  }

  delete(task: EmbeddedTask): void {
    if (!isStored(task)) return;
    this.drop(hashOf(task.id), task.slot + 1);
    this.slots[task.slot] = undefined;
    this.free.push(task.slot);
    task.slot = -1;
    this.count--;
    if (16 * this.count < this.mask && this.mask > FEWEST_PLACES)
      this.rebuild((this.mask + 1) / 2, [...this]);
  }

  clear(): void {
    for (const task of this) task.slot = -1;
    this.rebuild(FEWEST_PLACES, []);
  }

  *[Symbol.iterator](): Generator<EmbeddedTask> {
    for (const task of this.slots) if (task) yield task;
  }

  private put(hash: number, slot: number): void {
    const { places, mask } = this;
    let at = hash & mask;
    while (places[2 * at + 1] !== 0) at = (at + 1) & mask;
    places[2 * at] = hash;
    places[2 * at + 1] = slot;
  }

  /** What comes behind moves up, if it is nearer to where it belongs then: nothing is in the way of later look-ups. */
  private drop(hash: number, slot: number): void {
    const { places, mask } = this;
    let gap = hash & mask;
    while (places[2 * gap + 1] !== slot) gap = (gap + 1) & mask;
    for (let at = (gap + 1) & mask; places[2 * at + 1] !== 0; at = (at + 1) & mask) {
      const other = places[2 * at] ?? 0;
      if (((at - other) & mask) < ((at - gap) & mask)) continue;
      places[2 * gap] = other;
      places[2 * gap + 1] = places[2 * at + 1] ?? 0;
      gap = at;
    }
    places[2 * gap + 1] = 0;
  }

  /** Twice as many places. No task is looked at: there may be very many. */
  private grow(): void {
    const before = this.places;
    this.places = new Int32Array(2 * before.length);
    this.mask = 2 * this.mask + 1;
    for (let at = 0; at < before.length; at += 2) {
      const slot = before[at + 1] ?? 0;
      if (slot > 0) this.put(before[at] ?? 0, slot);
    }
  }

  /** What a peak took up is free again. */
  private rebuild(places: number, tasks: readonly EmbeddedTask[]): void {
    this.slots = [];
    this.free = [];
    this.count = 0;
    this.places = new Int32Array(2 * places);
    this.mask = places - 1;
    for (const task of tasks) this.add(task);
  }
}

/** FNV-1a, its bits mixed once more: neighbours must not be neighbours. */
function hashOf(id: string): number {
  let hash = SEED;
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 12);
}
