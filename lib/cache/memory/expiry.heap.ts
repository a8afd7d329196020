/** What an expiry heap orders. It keeps its place here, so that it leaves the heap without being searched for. */
export interface Expiring {
  readonly expiresAt: number;
  /** Decides among equal times: the lower one is first. */
  readonly order: number;
  /** Index in the heap; -1: not in it. Nobody but the heap changes it. */
  place: number;
}

/** What expires, the earliest first. A binary heap: O(log n) to add and to remove, and nothing else is kept. */
export class ExpiryHeap<E extends Expiring> {
  private readonly items: E[] = [];

  first(): E | undefined {
    return this.items[0];
  }

  add(item: E): void {
    this.rise(item, this.items.length);
  }

  /** Harmless when it is not in the heap. */
  remove(item: E): void {
    const { place } = item;
    if (place < 0) return;
    item.place = -1;
    const last = this.items.pop();
    if (last === undefined || last === item) return;
    const parent = this.items[(place - 1) >> 1];
    if (place > 0 && parent && before(last, parent)) this.rise(last, place);
    else this.sink(last, place);
  }

  clear(): void {
    for (const item of this.items) item.place = -1;
    this.items.length = 0;
  }

  private rise(item: E, from: number): void {
    let at = from;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = this.items[up];
      if (!parent || !before(item, parent)) break;
      this.put(parent, at);
      at = up;
    }
    this.put(item, at);
  }

  private sink(item: E, from: number): void {
    let at = from;
    for (;;) {
      let down = 2 * at + 1;
      let child = this.items[down];
      if (!child) break;
      const right = this.items[down + 1];
      if (right && before(right, child)) {
        child = right;
        down++;
      }
      if (!before(child, item)) break;
      this.put(child, at);
      at = down;
    }
    this.put(item, at);
  }

  private put(item: E, at: number): void {
    this.items[at] = item;
    item.place = at;
  }
}

function before(a: Expiring, b: Expiring): boolean {
  return a.expiresAt < b.expiresAt || (a.expiresAt === b.expiresAt && a.order < b.order);
}
