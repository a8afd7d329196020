/** Those who wait for one factory. It is told when nobody does any more. */
export class Audience {
  private readonly nobodyWaits = new AbortController();
  private waiting = 0;

  get signal(): AbortSignal {
    return this.nobodyWaits.signal;
  }

  join(): void {
    this.waiting++;
  }

  /** Somebody has lost his patience. */
  leave(reason: Error): void {
    if (--this.waiting === 0) this.nobodyWaits.abort(reason);
  }

  /** Runs the factory; all leave when `closing` aborts. */
  async attend<T>(closing: AbortSignal, factory: () => Promise<T> | T): Promise<T> {
    const abort = (): void => this.nobodyWaits.abort(closing.reason);
    closing.addEventListener('abort', abort);
    try {
      return await factory();
    } finally {
      closing.removeEventListener('abort', abort);
    }
  }
}
