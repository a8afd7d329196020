/** What a running work can ask about itself. */
export interface Flight {
  /** False once the key was forgotten: others must not find what this work brings. */
  readonly current: boolean;
}

/** Runs one work for a key at a time: whoever asks meanwhile gets the outcome, good or bad, of the one under way. */
export class SingleFlight<T> {
  private readonly flights = new Map<string, { readonly flight: object; readonly outcome: Promise<T> }>();

  /** Works in flight. */
  get size(): number {
    return this.flights.size;
  }

  /** Joins the work under way for the key, or begins one. */
  run(key: string, work: (flight: Flight) => Promise<T>): Promise<T> {
    const running = this.flights.get(key);
    if (running) return running.outcome;
    const isCurrent = (): boolean => this.flights.get(key)?.flight === flight;
    const flight: Flight = {
      get current() {
        return isCurrent();
      },
    };
    const outcome = (async () => {
      // The work begins after it is registered: it may end, or forget its own key, without ever waiting.
      await Promise.resolve();
      try {
        return await work(flight);
      } finally {
        if (isCurrent()) this.flights.delete(key);
      }
    })();
    this.flights.set(key, { flight, outcome });
    return outcome;
  }

  /** Lets the work under way end for those who wait for it already; the next one who asks begins a new one. */
  forget(key: string): void {
    this.flights.delete(key);
  }

  /** The same for all of them. */
  forgetAll(): void {
    this.flights.clear();
  }
}
