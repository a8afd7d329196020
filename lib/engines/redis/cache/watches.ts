/** Somebody who wants to know when anything happens to a key. */
export class Watch {
  private happened = false;
  private wake: (() => void) | undefined;

  fire(): void {
    this.happened = true;
    this.wake?.();
  }

  /** Resolves when something has happened since the watch began, after `withinMs`, or when the signal aborts. */
  wait(withinMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      if (this.happened || signal?.aborted) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        this.wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      timer.unref();
      signal?.addEventListener('abort', done);
      this.wake = done;
    });
  }
}

/** Those who wait for entries, by the entry's name on Redis. */
export class Watches {
  private readonly watches = new Map<string, Set<Watch>>();

  add(entry: string): Watch {
    const watch = new Watch();
    const others = this.watches.get(entry);
    if (others) others.add(watch);
    else this.watches.set(entry, new Set([watch]));
    return watch;
  }

  remove(entry: string, watch: Watch): void {
    const watches = this.watches.get(entry);
    watches?.delete(watch);
    if (watches?.size === 0) this.watches.delete(entry);
  }

  /** Something has happened to it. */
  fire(entry: string): void {
    this.watches.get(entry)?.forEach((watch) => watch.fire());
  }

  /** Something may have happened to any. */
  fireAll(): void {
    for (const watches of this.watches.values()) watches.forEach((watch) => watch.fire());
  }
}
