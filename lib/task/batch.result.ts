import { DepotError, show, toError } from '../common/errors.js';

/** One task of a batch: its place among the payloads, its id, or its context. */
export type BatchItem = number | string | { readonly id: string };

/** What came of one task of a batch. */
export type ItemOutcome<R = unknown> =
  { readonly ok: true; readonly value: R | undefined } | { readonly ok: false; readonly error: unknown };

/**
 * What a batch handler may return: what came of each task. Tasks that are not mentioned are completed, without result.
 *
 * A failed one is retried by its own attempts; an error that is a `RetryTask` or `DiscardTask` means for it what it means
 * when thrown. What is said last of a task holds.
 *
 * @example
 * const result = new BatchResult<number>();
 * docs.forEach((doc, i) => (doc.text ? result.complete(i, doc.text.length) : result.fail(i, new Error('no text'))));
 * return result;
 */
export class BatchResult<R = unknown> {
  private readonly said: (readonly [item: number | string, outcome: ItemOutcome<R>])[] = [];

  /** @example return BatchResult.settled(await Promise.allSettled(docs.map((doc) => this.index(doc)))); */
  static settled<R>(results: readonly PromiseSettledResult<R>[]): BatchResult<R> {
    const batch = new BatchResult<R>();
    results.forEach((result, i) =>
      result.status === 'fulfilled' ? batch.complete(i, result.value) : batch.fail(i, result.reason),
    );
    return batch;
  }

  complete(item: BatchItem, value?: R): this {
    this.said.push([keyOf(item), { ok: true, value }]);
    return this;
  }

  fail(item: BatchItem, error: unknown): this {
    this.said.push([keyOf(item), { ok: false, error }]);
    return this;
  }

  /**
   * The outcomes in the order of these ids.
   *
   * @throws BatchResultError when it mentions a task that is not among them: nobody can tell which one was meant
   */
  of(ids: readonly string[]): readonly ItemOutcome<R>[] {
    const outcomes: ItemOutcome<R>[] = ids.map(() => ({ ok: true, value: undefined }));
    const places = new Map(ids.map((id, i) => [id, i]));
    for (const [key, outcome] of this.said) {
      const place = typeof key === 'number' ? key : places.get(key);
      if (place === undefined || outcomes[place] === undefined) throw new BatchResultError(key, ids.length);
      outcomes[place] = outcome;
    }
    return outcomes;
  }
}

/** A batch handler returned a `BatchResult` that mentions a task which is not in its batch; all tasks of the batch have failed. */
export class BatchResultError extends DepotError {
  constructor(item: number | string, size: number) {
    super(
      'DEPOT_BATCH_RESULT',
      `the BatchResult mentions ${show(item)}, which is none of its ${size} tasks; expected the index of a payload, or a task's id`,
    );
  }
}

const keyOf = (item: BatchItem): number | string => (typeof item === 'object' ? item.id : item);

/**
 * What came of each of these tasks by what a batch handler returned: a `BatchResult`, an array with a result for each, in
 * which an `Error` is a failure, or one result for all of them.
 */
export function batchOutcomes(returned: unknown, ids: readonly string[]): readonly ItemOutcome[] {
  try {
    if (returned instanceof BatchResult) return returned.of(ids);
  } catch (error) {
    return ids.map(() => ({ ok: false, error: toError(error) }));
  }
  if (!Array.isArray(returned) || returned.length !== ids.length) {
    return ids.map(() => ({ ok: true, value: returned }));
  }
  const values: readonly unknown[] = returned;
  return values.map((value) => (value instanceof Error ? { ok: false, error: value } : { ok: true, value }));
}
