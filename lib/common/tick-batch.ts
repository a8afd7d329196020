interface Waiting<R> {
  readonly done: (results: readonly R[]) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Collects the calls of one tick and sends them as one. A tick ends when no microtask is left, so the calls of many
 * concurrent callers that were woken together travel together. Where the last tick had one call, the next one is sent
 * at once: a lone caller waits for nothing.
 */
export class TickBatch<T, R> {
  private items: T[] = [];
  private waiting: Waiting<R>[] = [];
  /** Of this tick. */
  private calls = 0;
  private lone = false;

  /** @param send gets all items of a tick and answers each, in order */
  constructor(private readonly send: (items: readonly T[]) => Promise<readonly R[]>) {}

  /** The answer to this item. */
  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      const at = this.items.push(item) - 1;
      this.wait({ done: (results) => resolve(results[at] as R), failed: reject });
    });
  }

  /** The answers to these items, in order. */
  addAll(items: readonly T[]): Promise<readonly R[]> {
    return new Promise((resolve, reject) => {
      const from = this.items.length;
      for (const item of items) this.items.push(item);
      this.wait({ done: (results) => resolve(results.slice(from, from + items.length)), failed: reject });
    });
  }

  private wait(call: Waiting<R>): void {
    this.waiting.push(call);
    if (++this.calls > 1) return;
    process.nextTick(() => this.endTick());
    if (this.lone) void this.flush();
  }

  private endTick(): void {
    this.lone = this.calls === 1;
    this.calls = 0;
    if (this.waiting.length > 0) void this.flush();
  }

  private async flush(): Promise<void> {
    const { items, waiting } = this;
    this.items = [];
    this.waiting = [];
    try {
      const results = await this.send(items);
      for (const { done } of waiting) done(results);
    } catch (error) {
      for (const { failed } of waiting) failed(error);
    }
  }
}
