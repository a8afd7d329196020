import { Deque } from './deque.js';

interface Waiter<T> {
  readonly give: (item: T) => void;
}

/** A list whose `take` waits for an item. Waiters are served in the order in which they came, by the push itself. */
export class BlockingList<T> {
  private readonly items = new Deque<T>();
  private readonly waiters = new Deque<Waiter<T>>();

  get length(): number {
    return this.items.length;
  }

  /** Appends at the tail. */
  push(...items: readonly T[]): void {
    for (const item of items) {
      const waiter = this.waiters.shift();
      if (waiter) waiter.give(item);
      else this.items.push(item);
    }
  }

  /** Puts at the head; the first of `items` becomes the first of the list. */
  unshift(...items: readonly T[]): void {
    let served = 0;
    for (; served < items.length; served++) {
      const waiter = this.waiters.shift();
      if (!waiter) break;
      waiter.give(items[served] as T);
    }
    for (let at = items.length - 1; at >= served; at--) this.items.unshift(items[at] as T);
  }

  /** Takes at most `count` items from the head, without waiting. */
  shift(count = 1): T[] {
    const taken: T[] = [];
    while (taken.length < count && this.items.length > 0) taken.push(this.items.shift() as T);
    return taken;
  }

  /**
   * Takes the item at the head, or waits for one. An item goes to exactly one waiter, and never to one whose signal
   * has aborted.
   *
   * @throws the signal's reason when it aborts before an item was given
   */
  take(signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      if (this.items.length > 0) {
        resolve(this.items.shift() as T);
        return;
      }
      const abort = (): void => {
        this.waiters.remove(waiter);
        reject(signal?.reason as Error);
      };
      const waiter: Waiter<T> = {
        give: (item) => {
          signal?.removeEventListener('abort', abort);
          resolve(item);
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.waiters.push(waiter);
    });
  }

  /** Removes the first occurrence; says whether there was one. O(n). */
  remove(item: T): boolean {
    return this.items.remove(item);
  }

  /** Items from the head on, which stay. O(n). */
  toArray(): T[] {
    return this.items.toArray();
  }

  /** Drops the items; waiters keep waiting. */
  clear(): void {
    this.items.clear();
  }
}
