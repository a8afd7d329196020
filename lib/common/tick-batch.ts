/**
 * Collects the calls of one tick and sends them as one. A tick ends when no microtask is left, so the calls of many
 * concurrent callers that were woken together travel together, and a lone caller waits for nothing.
 */
export class TickBatch<T, R> {
  private waiting: {
    readonly items: readonly T[];
    readonly resolve: (results: readonly R[]) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];

  /** @param send gets all items of a tick and answers each, in order */
  constructor(private readonly send: (items: readonly T[]) => Promise<readonly R[]>) {}

  /** The answers to these items, in order. */
  add(items: readonly T[]): Promise<readonly R[]> {
    return new Promise((resolve, reject) => {
      if (this.waiting.push({ items, resolve, reject }) === 1) process.nextTick(() => void this.flush());
    });
  }

  private async flush(): Promise<void> {
    const calls = this.waiting;
    this.waiting = [];
    try {
      const results = await this.send(
        calls.length === 1 && calls[0] ? calls[0].items : calls.flatMap(({ items }) => items),
      );
      let from = 0;
      for (const { items, resolve } of calls) resolve(results.slice(from, (from += items.length)));
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }
}
