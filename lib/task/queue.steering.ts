import type { Clock } from '../common/clock.js';
import { toMs } from '../common/duration.js';
import { DepotConfigError, show } from '../common/errors.js';
import { checkKeys, wholeNumber } from '../common/options.js';
import type { BulkAction, CleanOptions, RetryDeadOptions } from './queue.js';
import { checkRate } from './queue.limits.js';
import type { QueueBroker } from './task.broker.js';
import { QueueBusyError } from './task.errors.js';
import { nameOf, statesOf } from './task.search.js';
import type { TaskState } from './task.state.js';

/** So many ids travel in one call. */
const LOT = 500;
const ANY = Number.MAX_SAFE_INTEGER;

/** What somebody does to many tasks of a queue, in calls of a bounded size. */
export class QueueSteering {
  constructor(
    private readonly broker: QueueBroker,
    private readonly clock: Clock,
  ) {}

  /** To how many of them it could be done. @throws DepotConfigError when there is no such action */
  async each(action: BulkAction, ids: readonly string[]): Promise<number> {
    const act = this.action(action);
    let done = 0;
    for (let from = 0; from < ids.length; from += LOT) {
      const answers = await act(ids.slice(from, from + LOT));
      done += answers.filter((answer) => answer).length;
    }
    return done;
  }

  async retryDead(options: RetryDeadOptions): Promise<number> {
    checkKeys(options, 'options of retryDead', ['name', 'since', 'limit', 'rate']);
    const limit = limitOf(options.limit, 'limit of retryDead');
    const { max, perMs } = options.rate ? checkRate(options.rate, 'rate of retryDead') : { max: 1, perMs: 0 };
    const everyMs = perMs / max;
    const ids = await this.deadOnes(options, limit);
    let done = 0;
    for (let from = 0; from < ids.length; from += LOT) {
      const answers = await this.broker.retry(ids.slice(from, from + LOT), everyMs, done * everyMs);
      done += answers.filter((did) => did).length;
    }
    return done;
  }

  async clean(state: Exclude<TaskState, 'active'>, options: CleanOptions): Promise<number> {
    checkKeys(options, 'options of clean', ['olderThan', 'limit']);
    statesOf(state);
    if ((state as TaskState) === 'active') {
      throw new DepotConfigError(
        "state of clean is 'active'; tasks that somebody has in hand can't be deleted",
      );
    }
    const olderThanMs = toMs(options.olderThan ?? 0, 'olderThan of clean');
    const limit = limitOf(options.limit, 'limit of clean');
    // What is added, or ends, meanwhile is not waited for.
    const most = Math.min(limit, (await this.broker.counts())[state]);
    let removed = 0;
    while (most - removed >= LOT || (limit === ANY && removed < most)) {
      const some = await this.broker.clean(state, olderThanMs);
      removed += some;
      if (some < LOT) return removed;
    }
    return removed + (await this.cleanFew(state, olderThanMs, most - removed));
  }

  async drain({ delayed = false }: { readonly delayed?: boolean }): Promise<number> {
    const waiting = await this.clean('waiting', {});
    return delayed ? waiting + (await this.clean('delayed', {})) : waiting;
  }

  /** @throws QueueBusyError */
  async obliterate({ force = false }: { readonly force?: boolean }): Promise<void> {
    if (!force) {
      const { active } = await this.broker.counts();
      if (active > 0) throw new QueueBusyError(this.broker.name, active);
    }
    await this.broker.obliterate();
  }

  private action(action: BulkAction): (ids: readonly string[]) => Promise<readonly boolean[]> {
    const { broker } = this;
    switch (action) {
      case 'remove':
        return async (ids) => (await broker.remove(ids)).map((answer) => answer === 'removed');
      case 'cancel':
        return async (ids) => (await broker.cancel(ids)).map((answer) => answer.startsWith('cancel'));
      case 'promote':
        return (ids) => broker.promote(ids);
      case 'retry':
        return (ids) => broker.retry(ids, 0);
      default:
        throw new DepotConfigError(
          `the action is ${show(action)}; expected one of remove, cancel, promote, retry`,
        );
    }
  }

  /** Less than what the engine deletes at a time. */
  private async cleanFew(state: TaskState, olderThanMs: number, count: number): Promise<number> {
    if (count === 0) return 0;
    const before = this.clock.now() - olderThanMs;
    const records = await this.broker.read(await this.broker.list(state, 0, count - 1));
    const old = records.filter((record) => record && (!isAtRest(state) || (record.at ?? 0) <= before));
    return this.each(
      'remove',
      old.flatMap((record) => record?.id ?? []),
    );
  }

  private async deadOnes({ name, since }: RetryDeadOptions, limit: number): Promise<readonly string[]> {
    const from = dateMs(since, 'since of retryDead');
    const found: string[] = [];
    for (let start = 0; ; start += LOT) {
      const ids = await this.broker.list('dead', start, start + LOT - 1);
      if (ids.length === 0) return found;
      for (const record of await this.broker.read(ids)) {
        if (!record || (record.at ?? 0) < from) continue;
        if (name !== undefined && nameOf(record.envelope) !== name) continue;
        if (found.push(record.id) === limit) return found;
      }
    }
  }
}

const isAtRest = (state: TaskState): boolean => !['waiting', 'delayed', 'blocked', 'active'].includes(state);

const limitOf = (limit: number | undefined, name: string): number =>
  limit === undefined ? ANY : wholeNumber(limit, 1, ANY, name);

function dateMs(value: unknown, name: string): number {
  if (value === undefined) return Number.NEGATIVE_INFINITY;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime();
  throw new DepotConfigError(`${name} is ${show(value)}; expected a valid Date`);
}
