/** How the queues of a process share its slots: one strictly before the other, or each by its weight. */
export type QueueOrder =
  | { readonly kind: 'strict'; readonly queues: readonly string[] }
  | { readonly kind: 'weighted'; readonly weights: ReadonlyMap<string, number> };

/** One queue that shares. */
export interface Sharer {
  readonly queue: string;
  /** How many more slots it could use by its own concurrency. */
  room(): number;
  /** There are slots for it: it should ask for them. */
  kick(): void;
}

/**
 * The slots that the queues of a process share. A queue asks for slots before each claim. While one that goes before it
 * may have something to do it gets none, and is told as soon as that one has found nothing more.
 */
export class SlotPool {
  private readonly shares = new Set<Share>();
  private used = 0;
  /** Granted to claims that are under way. */
  private reserved = 0;

  constructor(
    private readonly slots: number,
    private readonly order: QueueOrder,
  ) {}

  join(sharer: Sharer): Share {
    const share = new Share(this, sharer, this.rank(sharer.queue), this.weight(sharer.queue));
    this.shares.add(share);
    return share;
  }

  leave(share: Share): void {
    this.shares.delete(share);
    this.wake();
  }

  /** Slots that nobody has; a claim may be under way with more of them than there turn out to be. */
  get free(): number {
    return Math.max(0, this.slots - this.used - this.reserved);
  }

  reserve(slots: number): void {
    this.reserved += slots;
  }

  use(slots: number): void {
    this.used += slots;
    if (slots < 0) this.wake();
  }

  /** Whose turn it is, of those who may have something to do: by rank, and by what each has had for its weight. */
  next(): Share | undefined {
    let next: Share | undefined;
    for (const share of this.shares) {
      if (share.wants && (!next || share.goesBefore(next))) next = share;
    }
    return next;
  }

  /** How much the one of those who may have something to do has had that has had the least. Nobody saves up turns. */
  leastHad(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { wants, had } of this.shares) if (wants) least = Math.min(least, had);
    return least === Number.POSITIVE_INFINITY ? 0 : least;
  }

  wake(): void {
    if (this.free > 0) this.next()?.kick();
  }

  private rank(queue: string): number {
    if (this.order.kind === 'weighted') return 0;
    const place = this.order.queues.indexOf(queue);
    return place < 0 ? this.order.queues.length : place;
  }

  private weight(queue: string): number {
    return this.order.kind === 'weighted' ? (this.order.weights.get(queue) ?? 1) : 1;
  }
}

/** What one queue has of the slots, and whether it may want more. */
export class Share {
  /** Calls it has had, for its weight. */
  had = 0;
  private hungry = false;
  private granted = 0;
  private taken = 0;

  constructor(
    private readonly pool: SlotPool,
    private readonly sharer: Sharer,
    private readonly rank: number,
    private readonly weight: number,
  ) {}

  get wants(): boolean {
    return this.hungry && this.sharer.room() > 0;
  }

  goesBefore(other: Share): boolean {
    return this.rank === other.rank ? this.had < other.had : this.rank < other.rank;
  }

  kick(): void {
    this.sharer.kick();
  }

  /** Slots for a claim, at most `wanted`; `settle` follows. */
  grant(wanted: number): number {
    if (!this.hungry) {
      this.had = Math.max(this.had, this.pool.leastHad());
      this.hungry = true;
    }
    this.taken = 0;
    this.granted = this.pool.next() === this ? Math.min(wanted, this.pool.free) : 0;
    this.pool.reserve(this.granted);
    return this.granted;
  }

  /** The claim is over. One that left slots has found all that there was, unless `more` may come of another. */
  settle(more: boolean): void {
    const { granted, taken } = this;
    this.granted = 0;
    this.pool.reserve(-granted);
    // The next one of its own follows at once.
    if (more) return;
    if (granted > 0 && taken < granted) this.hungry = false;
    this.pool.wake();
  }

  /** A call has its slot from now on. */
  use(): void {
    this.taken++;
    this.had += 1 / this.weight;
    this.pool.use(1);
  }

  /** Its slot is free again. */
  free(): void {
    this.pool.use(-1);
  }

  leave(): void {
    this.pool.leave(this);
  }
}
