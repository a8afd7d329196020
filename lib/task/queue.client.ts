import { randomBytes } from 'node:crypto';
import { encode } from '../common/codec.js';
import { backoffPolicy } from '../common/backoff.js';
import { toMs, type Duration } from '../common/duration.js';
import { checkKeys } from '../common/options.js';
import { wait, type Clock } from '../common/clock.js';
import { DepotConfigError, EngineClosedError, EngineUnavailableError, show } from '../common/errors.js';
import { TickBatch } from '../common/tick-batch.js';
import { Queue, TaskHandle, type AddOptions, type TaskSnapshot } from './queue.js';
import type { NewTask, QueueBroker } from './task.broker.js';
import { writeEnvelope, type TaskOverrides } from './task.envelope.js';
import { TASK_STATES, type TaskState } from './task.state.js';
import { checkAttempts } from './task.policy.js';
import { TaskResults } from './task.results.js';
import { snapshot } from './task.snapshot.js';

export interface QueueClientSettings {
  readonly maxPayloadBytes: number;
  readonly resultTimeoutMs: number;
  /** How long adds are repeated, under the same ids, while the engine can't be reached. */
  readonly offlineWaitMs: number;
}

const REPEAT_PAUSE_MS = 100;
const NO_OVERRIDES: TaskOverrides = {};
const ADD_OPTIONS = ['id', 'delay', 'runAt', 'attempts', 'backoff', 'timeout'];

/** The producer's side of a queue on any engine. */
export class QueueClient extends Queue {
  private readonly adds = new TickBatch<NewTask, boolean>((tasks) => this.send(tasks));
  private readonly results: TaskResults;

  constructor(
    private readonly broker: QueueBroker,
    listen: () => Promise<void>,
    private readonly clock: Clock,
    private readonly settings: QueueClientSettings,
  ) {
    super();
    this.results = new TaskResults(broker, listen, clock);
  }

  get name(): string {
    return this.broker.name;
  }

  override async add(name: string, payload?: unknown, options: AddOptions = {}): Promise<TaskHandle> {
    const task = this.newTask(name, payload, options);
    const [created] = await this.adds.add([task]);
    return this.handle(task.id, created ?? false);
  }

  override async addBulk(
    tasks: readonly { readonly name: string; readonly payload?: unknown; readonly options?: AddOptions }[],
  ): Promise<TaskHandle[]> {
    if (tasks.length === 0) return [];
    const added = tasks.map(({ name, payload, options }) => this.newTask(name, payload, options ?? {}));
    const created = await this.adds.add(added);
    return added.map(({ id }, i) => this.handle(id, created[i] ?? false));
  }

  override async get(id: string): Promise<TaskSnapshot | undefined> {
    const [record] = await this.broker.read([id]);
    return record && snapshot(this.name, record);
  }

  override async list(
    state: TaskState,
    { start = 0, stop = 99 }: { readonly start?: number; readonly stop?: number } = {},
  ): Promise<TaskSnapshot[]> {
    if (!TASK_STATES.includes(state)) {
      throw new DepotConfigError(`state is ${show(state)}; expected one of ${TASK_STATES.join(', ')}`);
    }
    if (!Number.isInteger(start) || !Number.isInteger(stop)) {
      throw new DepotConfigError(`range is { start: ${start}, stop: ${stop} }; expected whole numbers`);
    }
    const records = await this.broker.read(await this.broker.list(state, start, stop));
    return records.flatMap((record) => (record ? [snapshot(this.name, record)] : []));
  }

  override counts(): Promise<Readonly<Record<TaskState, number>>> {
    return this.broker.counts();
  }

  override async remove(id: string): Promise<boolean> {
    return (await this.broker.remove(id)) === 'removed';
  }

  private newTask(name: string, payload: unknown, options: AddOptions): NewTask {
    const what = `task '${name}' of queue '${this.name}'`;
    if (typeof name !== 'string' || name === '' || name.includes('\n')) {
      throw new DepotConfigError(`the task name is ${show(name)}; expected text without line breaks`);
    }
    checkKeys(options, `options of ${what}`, ADD_OPTIONS);
    const text = encode(payload, `payload of ${what}`, this.settings.maxPayloadBytes);
    const id = options.id === undefined ? newId() : checkId(options.id, what);
    const envelope = writeEnvelope({
      name,
      enqueuedAt: this.clock.now(),
      overrides: overridesOf(options, what),
      payload: text,
    });
    const due = dueOf(options, what);
    return due ? { id, envelope, due } : { id, envelope };
  }

  private handle(id: string, created: boolean): TaskHandle {
    return new AddedTask(id, created, (timeout) =>
      this.results.of(
        id,
        timeout === undefined ? this.settings.resultTimeoutMs : toMs(timeout, 'result timeout'),
      ),
    );
  }

  /** An add of unknown outcome is repeated under the same ids: what was stored already is not stored again (A6). */
  private async send(tasks: readonly NewTask[]): Promise<readonly boolean[]> {
    const until = this.clock.now() + this.settings.offlineWaitMs;
    for (let attempt = 1; ; attempt++) {
      try {
        const created = await this.broker.add(tasks);
        return attempt === 1 ? created : await this.added(tasks, created);
      } catch (error) {
        const passing = error instanceof EngineUnavailableError && !(error instanceof EngineClosedError);
        if (!passing || this.clock.now() + REPEAT_PAUSE_MS > until) throw error;
        await wait(this.clock, REPEAT_PAUSE_MS);
      }
    }
  }

  /** After a repeat, what was there may be what an earlier try had stored: then it is the very same envelope, or has ended. */
  private async added(tasks: readonly NewTask[], created: readonly boolean[]): Promise<readonly boolean[]> {
    const present = tasks.filter((_, i) => !created[i]);
    const records = await this.broker.read(present.map(({ id }) => id));
    const foreign = new Set(
      present.filter(({ envelope }, i) => records[i] && records[i].envelope !== envelope),
    );
    return tasks.map((task) => !foreign.has(task));
  }
}

class AddedTask extends TaskHandle {
  constructor(
    readonly id: string,
    readonly created: boolean,
    private readonly wait: (timeout: Duration | undefined) => Promise<unknown>,
  ) {
    super();
  }

  override async result(options: { readonly timeout?: Duration } = {}): Promise<unknown> {
    return this.wait(options.timeout);
  }
}

/** 96 random bits, 16 characters. */
function newId(): string {
  return randomBytes(12).toString('base64url');
}

function checkId(id: unknown, what: string): string {
  if (typeof id === 'string' && id !== '' && id.length <= 256 && !/[\s\p{Cc}]/u.test(id)) return id;
  throw new DepotConfigError(
    `id of ${what} is ${show(id)}; expected 1 to 256 characters without white space`,
  );
}

function overridesOf({ attempts, backoff, timeout }: AddOptions, what: string): TaskOverrides {
  if (attempts === undefined && backoff === undefined && timeout === undefined) return NO_OVERRIDES;
  return {
    ...(attempts !== undefined && { attempts: checkAttempts(attempts, `attempts of ${what}`) }),
    ...(backoff !== undefined && { backoff: backoffPolicy(backoff, `backoff of ${what}`) }),
    ...(timeout !== undefined && { timeoutMs: toMs(timeout, `timeout of ${what}`) }),
  };
}

function dueOf({ delay, runAt }: AddOptions, what: string): NewTask['due'] {
  if (delay !== undefined && runAt !== undefined) {
    throw new DepotConfigError(`${what} has both delay and runAt; expected one of them`);
  }
  if (runAt !== undefined) {
    const atMs = runAt instanceof Date ? runAt.getTime() : Number.NaN;
    if (Number.isNaN(atMs))
      throw new DepotConfigError(`runAt of ${what} is ${show(runAt)}; expected a valid Date`);
    return { atMs };
  }
  const inMs = delay === undefined ? 0 : toMs(delay, `delay of ${what}`);
  return inMs > 0 ? { inMs } : undefined;
}
