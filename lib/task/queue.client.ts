import type { Clock } from '../common/clock.js';
import { toMs, type Duration } from '../common/duration.js';
import { DepotConfigError } from '../common/errors.js';
import type { DepotLogger } from '../common/logger.js';
import type { AddOptions } from './add.options.js';
import type { TaskEventName } from './event.record.js';
import type { EventSubscription } from './event.subscription.js';
import { checkTaskName, newTask, type TaskMaker } from './new-task.js';
import {
  Queue,
  TaskHandle,
  type BulkAction,
  type CleanOptions,
  type RetryDeadOptions,
  type StopListening,
  type TaskSnapshot,
} from './queue.js';
import type { QueueBackpressure } from './queue.limits.js';
import { QueueListeners } from './queue.listeners.js';
import { QueueSteering } from './queue.steering.js';
import { TaskAdder } from './task.adder.js';
import type { Added, NewTask, QueueBroker, TaskRecord } from './task.broker.js';
import type { TaskCodec } from './task.codec.js';
import { QueueFullError } from './task.errors.js';
import type { TaskEvent } from './task.event.js';
import { TaskResults } from './task.results.js';
import { statesOf, TaskSearcher, type TaskFilter, type TaskPage, type TaskSearch } from './task.search.js';
import { snapshot } from './task.snapshot.js';
import type { TaskState } from './task.state.js';
import type { TaskEventOf } from './task.types.js';

export interface QueueClientSettings {
  readonly maxPayloadBytes: number;
  readonly resultTimeoutMs: number;
  /** How long adds are repeated, under the same ids, while the engine can't be reached. */
  readonly offlineWaitMs: number;
  readonly backpressure: QueueBackpressure;
}

/** What a queue's client works with. */
export interface QueueClientParts {
  readonly broker: QueueBroker;
  readonly listen: () => Promise<void>;
  readonly events: EventSubscription;
  readonly clock: Clock;
  readonly codec: TaskCodec;
  readonly logger: DepotLogger;
}

/** The producer's side of a queue on any engine. */
export class QueueClient extends Queue {
  private readonly broker: QueueBroker;
  private readonly codec: TaskCodec;
  private readonly maker: TaskMaker;
  private readonly adder: TaskAdder;
  private readonly results: TaskResults;
  private readonly steering: QueueSteering;
  private readonly searcher: TaskSearcher;
  private readonly listeners: QueueListeners;

  constructor(
    { broker, listen, events, clock, codec, logger }: QueueClientParts,
    private readonly settings: QueueClientSettings,
  ) {
    super();
    const { maxPayloadBytes, backpressure, offlineWaitMs } = settings;
    this.broker = broker;
    this.codec = codec;
    this.maker = { queue: broker.name, clock, codec, maxPayloadBytes };
    this.adder = new TaskAdder(broker, listen, clock, backpressure, offlineWaitMs);
    this.results = new TaskResults(broker, listen, clock, codec);
    this.steering = new QueueSteering(broker, clock);
    this.searcher = new TaskSearcher(broker, (record) => this.shown(record));
    this.listeners = new QueueListeners(broker.name, events, codec, logger);
  }

  get name(): string {
    return this.broker.name;
  }

  /** Calls that wait for room end; nothing else does. */
  close(): void {
    this.adder.close();
  }

  override async add(name: string, payload?: unknown, options: AddOptions = {}): Promise<TaskHandle> {
    const task = newTask(name, payload, options, this.maker);
    const handle = this.handle(task, await this.adder.add(task));
    if (handle) return handle;
    throw new QueueFullError(this.name, this.adder.policyOf(task).max);
  }

  override async addBulk(
    tasks: readonly { readonly name: string; readonly payload?: unknown; readonly options?: AddOptions }[],
  ): Promise<TaskHandle[]> {
    if (tasks.length === 0) return [];
    const added = tasks.map(({ name, payload, options }) =>
      newTask(name, payload, options ?? {}, this.maker),
    );
    const answers = await this.adder.addAll(added);
    const handles = added.map((task, i) => this.handle(task, answers[i]));
    const refused = handles.flatMap((handle, i) => (handle ? [] : [i]));
    const stored = handles.filter((handle) => handle !== undefined);
    const first = added[refused[0] ?? -1];
    if (!first) return stored;
    throw new QueueFullError(this.name, this.adder.policyOf(first).max, stored, refused);
  }

  override async get(id: string): Promise<TaskSnapshot | undefined> {
    const [record] = await this.broker.read([id]);
    return record && this.shown(record);
  }

  override async list(
    state: TaskState,
    { start = 0, stop = 99 }: { readonly start?: number; readonly stop?: number } = {},
  ): Promise<TaskSnapshot[]> {
    statesOf(state);
    if (!Number.isInteger(start) || !Number.isInteger(stop)) {
      throw new DepotConfigError(`range is { start: ${start}, stop: ${stop} }; expected whole numbers`);
    }
    const records = await this.broker.read(await this.broker.list(state, start, stop));
    return records.flatMap((record) => (record ? [this.shown(record)] : []));
  }

  override counts(): Promise<Readonly<Record<TaskState, number>>> {
    return this.broker.counts();
  }

  override async search(search: TaskSearch = {}): Promise<TaskPage> {
    return this.searcher.search(search);
  }

  override async remove(id: string): Promise<boolean> {
    return (await this.steering.each('remove', [id])) > 0;
  }

  override async cancel(id: string): Promise<boolean> {
    return (await this.steering.each('cancel', [id])) > 0;
  }

  override async promote(id: string): Promise<boolean> {
    return (await this.steering.each('promote', [id])) > 0;
  }

  override async retry(id: string): Promise<boolean> {
    return (await this.steering.each('retry', [id])) > 0;
  }

  override async retryDead(options: RetryDeadOptions = {}): Promise<number> {
    return this.steering.retryDead(options);
  }

  override async bulk(action: BulkAction, tasks: readonly string[] | TaskFilter): Promise<number> {
    return this.steering.each(action, isIds(tasks) ? tasks : await this.searcher.ids(tasks));
  }

  override async clean(state: Exclude<TaskState, 'active'>, options: CleanOptions = {}): Promise<number> {
    return this.steering.clean(state, options);
  }

  override async drain(options: { readonly delayed?: boolean } = {}): Promise<number> {
    return this.steering.drain(options);
  }

  override async obliterate(options: { readonly force?: boolean } = {}): Promise<void> {
    await this.steering.obliterate(options);
  }

  override async pause(name?: string): Promise<void> {
    await this.broker.pause(name === undefined ? name : checkTaskName(name));
  }

  override async resume(name?: string): Promise<void> {
    await this.broker.resume(name === undefined ? name : checkTaskName(name));
  }

  override async isPaused(name?: string): Promise<boolean> {
    const { queue, names } = await this.broker.paused();
    return queue || (name !== undefined && names.includes(name));
  }

  override on<E extends TaskEventName>(
    event: E,
    listener: (event: TaskEventOf<unknown, E>) => unknown,
  ): StopListening {
    // What comes under that name is of that name; the compiler can't know.
    return this.listeners.on(event, listener as (event: TaskEvent) => unknown);
  }

  private shown(record: TaskRecord): TaskSnapshot {
    return snapshot(this.name, record, this.codec);
  }

  private handle({ id }: NewTask, answer: Added | undefined): TaskHandle | undefined {
    if (!answer || answer.to === 'full') return undefined;
    if (answer.to === 'exists')
      return new AddedTask(answer.id, false, undefined, this.results, this.settings);
    return new AddedTask(id, true, answer.replaced, this.results, this.settings);
  }
}

class AddedTask extends TaskHandle {
  constructor(
    readonly id: string,
    readonly created: boolean,
    readonly replaced: string | undefined,
    private readonly results: TaskResults,
    private readonly settings: Pick<QueueClientSettings, 'resultTimeoutMs'>,
  ) {
    super();
  }

  override async result({ timeout }: { readonly timeout?: Duration } = {}): Promise<unknown> {
    const timeoutMs = timeout === undefined ? this.settings.resultTimeoutMs : toMs(timeout, 'result timeout');
    return this.results.of(this.id, timeoutMs);
  }
}

const isIds = (tasks: readonly string[] | TaskFilter): tasks is readonly string[] => Array.isArray(tasks);
