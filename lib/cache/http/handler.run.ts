import { textOf, type HeaderValue, type HttpExchange } from './http.message.js';
import type { HttpRoute } from './http.route.js';
import type { Wanted } from './request.verdict.js';
import { judged, type StoredAnswer } from './stored.answer.js';

/** Runs a handler and gives all that it returns. */
export type Run = () => Promise<readonly unknown[]>;

export type Outcome =
  | { readonly kind: 'answered'; readonly answer: StoredAnswer; readonly values: readonly unknown[] }
  /** It is for this request alone. */
  | { readonly kind: 'alone'; readonly why: string; readonly values: readonly unknown[] }
  | { readonly kind: 'failed'; readonly error: unknown };

/** What those get who have waited for an answer that is not for them, in whatever process. They ask their own handlers. */
export class NotShared extends Error {
  override readonly name = 'NotShared';

  /** @param isLasting the next answer will hardly be shared either */
  constructor(
    why: string,
    readonly isLasting: boolean,
  ) {
    super(why);
  }
}

/** A request's own handler. It runs at most once: for the cache as long as the request waits for that, or for the request alone. */
export class HandlerRun {
  private outcome: Promise<Outcome> | undefined;
  private before: ReadonlyMap<string, HeaderValue> = new Map();
  private status = 0;
  private isClosed = false;

  constructor(
    readonly exchange: HttpExchange,
    readonly route: HttpRoute,
    private readonly want: Wanted,
    private readonly run: Run,
  ) {}

  /** Whether the cache has had it run. Its answer is the request's then, and no other. */
  get hasBegun(): boolean {
    return this.outcome !== undefined;
  }

  /**
   * Its answer for all who share it.
   *
   * @throws NotShared for one that nobody shares
   */
  async forAll(vary: readonly string[]): Promise<StoredAnswer> {
    if (this.isClosed || this.hasBegun) throw new NotShared('the request is over', false);
    const outcome = await this.end(vary);
    if (outcome.kind === 'answered') return outcome.answer;
    if (outcome.kind === 'failed') throw new NotShared('the handler has failed', false);
    throw new NotShared(outcome.why, true);
  }

  /** What came of it; it is run if it was not yet, and from now on not for the cache any more. */
  forItself(vary: readonly string[]): Promise<Outcome> {
    this.isClosed = true;
    return this.end(vary);
  }

  /** Takes back what the handler has set of the answer. */
  undo(): void {
    const { answer } = this.exchange;
    answer.status = this.status;
    for (const [name, value] of answer.headers()) {
      const before = this.before.get(name);
      if (textOf(before) === textOf(value)) continue;
      answer.removeHeader(name);
      if (before !== undefined) answer.setHeader(name, before);
    }
  }

  private end(vary: readonly string[]): Promise<Outcome> {
    return (this.outcome ??= this.judge(vary));
  }

  private async judge(vary: readonly string[]): Promise<Outcome> {
    this.before = this.exchange.answer.headers();
    this.status = this.exchange.answer.status;
    let values: readonly unknown[];
    try {
      values = await this.run();
    } catch (error) {
      return { kind: 'failed', error };
    }
    const answer = judged(values, this.before, this.want, vary, this.exchange, this.route);
    return typeof answer === 'string'
      ? { kind: 'alone', why: answer, values }
      : { kind: 'answered', answer, values };
  }
}
