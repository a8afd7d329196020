/** A list that grows and shrinks at both ends in constant time: a ring in an array. */
export class Deque<T> {
  private ring: (T | undefined)[] = new Array<T | undefined>(16);
  private head = 0;
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(item: T): void {
    this.makeRoom();
    this.ring[this.slot(this.count)] = item;
    this.count++;
  }

  unshift(item: T): void {
    this.makeRoom();
    this.head = this.slot(this.ring.length - 1);
    this.ring[this.head] = item;
    this.count++;
  }

  shift(): T | undefined {
    if (this.count === 0) return undefined;
    const item = this.ring[this.head];
    // The slot must not keep the item alive.
    this.ring[this.head] = undefined;
    this.head = this.slot(1);
    this.count--;
    if (this.ring.length > 16 && this.count < this.ring.length / 4) this.resize(this.ring.length / 2);
    return item;
  }

  /** Removes the first occurrence; says whether there was one. O(n). */
  remove(item: T): boolean {
    const items = this.toArray();
    const at = items.indexOf(item);
    if (at < 0) return false;
    items.splice(at, 1);
    this.ring.fill(undefined);
    this.head = 0;
    this.count = items.length;
    for (const [index, kept] of items.entries()) this.ring[index] = kept;
    return true;
  }

  toArray(): T[] {
    return Array.from({ length: this.count }, (_, index) => this.ring[this.slot(index)] as T);
  }

  clear(): void {
    this.ring = new Array<T | undefined>(16);
    this.head = 0;
    this.count = 0;
  }

  private slot(offset: number): number {
    return (this.head + offset) % this.ring.length;
  }

  private makeRoom(): void {
    if (this.count === this.ring.length) this.resize(this.ring.length * 2);
  }

  private resize(length: number): void {
    const items = this.toArray();
    this.ring = new Array<T | undefined>(length);
    this.head = 0;
    for (const [index, item] of items.entries()) this.ring[index] = item;
  }
}
