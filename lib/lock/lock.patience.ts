import type { Clock } from '../common/clock.js';

/** When someone who waits gives up: his time is over, his signal aborts, or he is told to. */
export class Patience {
  private readonly controller = new AbortController();
  private readonly cancelTimer: () => void;

  constructor(
    clock: Clock,
    waitMs: number,
    timeout: () => Error,
    private readonly caller: AbortSignal | undefined,
  ) {
    this.cancelTimer = clock.after(waitMs, () => this.giveUp(timeout()));
    caller?.addEventListener('abort', this.callerAborts);
    if (caller?.aborted) this.callerAborts();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  giveUp(reason: unknown): void {
    this.controller.abort(reason);
    this.end();
  }

  /** Whatever was waited for is there. */
  end(): void {
    this.cancelTimer();
    this.caller?.removeEventListener('abort', this.callerAborts);
  }

  /** The outcome, or the reason for giving up if that comes first. `late` gets what nobody waits for any more. */
  await<T>(outcome: Promise<T>, late: (value: T) => void): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      outcome.then((value) => {
        if (signal.aborted) late(value);
        else resolve(value);
      }, reject);
    });
  }

  private readonly callerAborts = (): void => this.giveUp(this.caller?.reason);
}
