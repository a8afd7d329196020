/** What calls of a kind have in common: how those that were made together are sent. */
export interface Kind<T, R> {
  /** What has to be known before they are sent; `undefined`: nothing. What is called later waits for it. */
  readonly prepare?: (items: readonly T[]) => Promise<void> | undefined;
  /** Writes commands before it returns; answers each item, in order. */
  readonly send: (items: readonly T[]) => Promise<readonly R[]>;
}

interface Run {
  readonly kind: object;
  readonly prepare: () => Promise<void> | undefined;
  readonly go: () => Promise<void>;
  readonly fail: (error: unknown) => void;
}

/**
 * Collects the calls of one tick and sends those of a kind that follow on each other as one, in the order in which they
 * were made. Where the last tick had one call, the next one is sent at once: a lone caller waits for nothing.
 */
export class OrderedBatch {
  private runs: Run[] = [];
  /** Of this tick. */
  private calls = 0;
  private lone = false;
  private preparing = false;

  /** The answer to this item. */
  add<T, R>(kind: Kind<T, R>, item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.run(kind).add(item, resolve, reject);
      this.called();
    });
  }

  /** The answers to these items, in order. */
  addAll<T, R>(kind: Kind<T, R>, items: readonly T[]): Promise<readonly R[]> {
    return new Promise((resolve, reject) => {
      this.run(kind).addAll(items, resolve, reject);
      this.called();
    });
  }

  private run<T, R>(kind: Kind<T, R>): OpenRun<T, R> {
    const last = this.runs.at(-1);
    if (last?.kind === kind) return last as OpenRun<T, R> & Run;
    const run = new TypedRun(kind);
    this.runs.push(run);
    return run;
  }

  private called(): void {
    if (++this.calls > 1) return;
    process.nextTick(() => {
      this.lone = this.calls === 1;
      this.calls = 0;
      this.flush();
    });
    if (this.lone) this.flush();
  }

  private flush(): void {
    while (!this.preparing) {
      const run = this.runs.shift();
      if (!run) return;
      const prepared = run.prepare();
      if (!prepared) {
        void run.go();
        continue;
      }
      this.preparing = true;
      prepared.then(
        () => {
          void run.go();
          this.prepared();
        },
        (error: unknown) => {
          run.fail(error);
          this.prepared();
        },
      );
    }
  }

  private prepared(): void {
    this.preparing = false;
    this.flush();
  }
}

interface Waiting<A> {
  readonly from: number;
  readonly count: number;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/** A run that others may join. */
interface OpenRun<T, R> {
  add(item: T, resolve: (answer: R) => void, reject: (error: unknown) => void): void;
  addAll(
    items: readonly T[],
    resolve: (answers: readonly R[]) => void,
    reject: (error: unknown) => void,
  ): void;
}

class TypedRun<T, R> implements Run, OpenRun<T, R> {
  private readonly items: T[] = [];
  private readonly singles: Waiting<R>[] = [];
  private readonly several: Waiting<readonly R[]>[] = [];

  constructor(readonly kind: Kind<T, R>) {}

  add(item: T, resolve: (answer: R) => void, reject: (error: unknown) => void): void {
    this.singles.push({ from: this.items.push(item) - 1, count: 1, resolve, reject });
  }

  addAll(
    items: readonly T[],
    resolve: (answers: readonly R[]) => void,
    reject: (error: unknown) => void,
  ): void {
    this.several.push({ from: this.items.length, count: items.length, resolve, reject });
    for (const item of items) this.items.push(item);
  }

  prepare(): Promise<void> | undefined {
    return this.kind.prepare?.(this.items);
  }

  async go(): Promise<void> {
    try {
      const answers = await this.kind.send(this.items);
      for (const { from, resolve } of this.singles) resolve(answers[from] as R);
      for (const { from, count, resolve } of this.several) resolve(answers.slice(from, from + count));
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    for (const { reject } of this.singles) reject(error);
    for (const { reject } of this.several) reject(error);
  }
}
