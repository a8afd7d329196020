interface Entry<M> {
  readonly member: M;
  readonly score: number;
  /** Order of insertion: decides among equal scores. */
  readonly order: number;
}

/**
 * Members ordered by score; equal scores keep the order in which they were set. A binary heap whose removed entries are
 * dropped when they surface, or all at once when they outnumber the living.
 */
export class SortedSet<M = string> {
  private readonly live = new Map<M, Entry<M>>();
  private heap: Entry<M>[] = [];
  private orders = 0;

  get size(): number {
    return this.live.size;
  }

  has(member: M): boolean {
    return this.live.has(member);
  }

  score(member: M): number | undefined {
    return this.live.get(member)?.score;
  }

  /** Adds the member or moves it to the new score. O(log n). The same score again changes nothing. */
  set(member: M, score: number): void {
    if (this.live.get(member)?.score === score) return;
    const entry = { member, score, order: this.orders++ };
    this.live.set(member, entry);
    this.sift(entry);
    this.compact();
  }

  /** Says whether it was there. */
  delete(member: M): boolean {
    const found = this.live.delete(member);
    if (found) this.compact();
    return found;
  }

  /** The member with the lowest score. */
  first(): { readonly member: M; readonly score: number } | undefined {
    return this.peek();
  }

  /** Removes and returns at most `limit` members with a score of at most `maxScore`, lowest first. O(log n) for each. */
  popUpTo(maxScore: number, limit = Number.POSITIVE_INFINITY): M[] {
    return this.take(maxScore, limit).map((entry) => {
      this.live.delete(entry.member);
      return entry.member;
    });
  }

  /** The same members as `popUpTo`, which stay. */
  upTo(maxScore: number, limit = Number.POSITIVE_INFINITY): M[] {
    const taken = this.take(maxScore, limit);
    for (const entry of taken) this.sift(entry);
    return taken.map((entry) => entry.member);
  }

  /** Members by rank, `stop` included; negative ranks count from the end. Sorts everything: for inspection. */
  range(start: number, stop: number): M[] {
    const sorted = [...this.live.values()].sort((a, b) => (before(a, b) ? -1 : 1));
    const rank = (at: number): number => (at < 0 ? sorted.length + at : at);
    return sorted.slice(Math.max(0, rank(start)), Math.max(0, rank(stop) + 1)).map((entry) => entry.member);
  }

  clear(): void {
    this.live.clear();
    this.heap = [];
  }

  /** Takes entries off the heap; their members are still in `live`. */
  private take(maxScore: number, limit: number): Entry<M>[] {
    const taken: Entry<M>[] = [];
    while (taken.length < limit) {
      const entry = this.peek();
      if (!entry || entry.score > maxScore) break;
      taken.push(entry);
      this.dropTop();
    }
    return taken;
  }

  private peek(): Entry<M> | undefined {
    for (;;) {
      const top = this.heap[0];
      if (!top || this.live.get(top.member) === top) return top;
      this.dropTop();
    }
  }

  private dropTop(): void {
    const last = this.heap.pop();
    if (last && this.heap.length > 0) this.sink(last, 0);
  }

  private sift(entry: Entry<M>): void {
    let at = this.heap.length;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = this.heap[up];
      if (!parent || !before(entry, parent)) break;
      this.heap[at] = parent;
      at = up;
    }
    this.heap[at] = entry;
  }

  private sink(entry: Entry<M>, from: number): void {
    let at = from;
    for (;;) {
      let down = 2 * at + 1;
      let child = this.heap[down];
      if (!child) break;
      const right = this.heap[down + 1];
      if (right && before(right, child)) {
        child = right;
        down++;
      }
      if (!before(child, entry)) break;
      this.heap[at] = child;
      at = down;
    }
    this.heap[at] = entry;
  }

  private compact(): void {
    if (this.heap.length < 32 || this.heap.length < 2 * this.live.size) return;
    this.heap = [...this.live.values()];
    for (let at = (this.heap.length >> 1) - 1; at >= 0; at--) {
      const entry = this.heap[at];
      if (entry) this.sink(entry, at);
    }
  }
}

function before(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.score < b.score || (a.score === b.score && a.order < b.order);
}
