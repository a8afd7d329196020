import type { TaskEventName } from '../../../lib/task/event.record.js';
import type {
  Ack,
  Added,
  Beat,
  ClaimedTask,
  ConsumerRecord,
  Finished,
  Joined,
  NewTask,
  Push,
  QueueBroker,
  Rooms,
  Step,
  TaskRecord,
} from '../../../lib/task/task.broker.js';
import { TASK_STATES, type TaskState } from '../../../lib/task/task.state.js';
import { settled } from '../../support/manual-clock.js';

export const NOTHING: Step = { tasks: [], nextMs: undefined };

/** A queue that does what the test says: each call is noted and answered by a function that the test may replace. */
export class ScriptedBroker implements QueueBroker {
  readonly calls: string[] = [];
  readonly acks: Ack[][] = [];
  private readonly pushListeners: ((push: Push) => void)[] = [];
  private readonly gapListeners: (() => void)[] = [];
  private names = 0;

  constructor(readonly name = 'work') {}

  onJoin = async (_previous?: {
    readonly consumer: string;
    readonly keep: readonly string[];
  }): Promise<Joined> => ({ consumer: `c${++this.names}`, kept: _previous?.keep ?? [] });
  onStep = async (_consumer: string, _acks: readonly Ack[], _slots: number, _rooms?: Rooms): Promise<Step> =>
    NOTHING;
  onBeat = async (_consumer: string): Promise<Beat> => 'ok';
  onLeave = async (): Promise<void> => undefined;
  onTidy = async (): Promise<{ readonly more: boolean }> => ({ more: false });
  onNote = async (): Promise<boolean> => true;
  onAdd = async (tasks: readonly NewTask[]): Promise<readonly Added[]> => tasks.map(() => ({ to: 'added' }));
  onSubscribe = async (_pushed: readonly TaskEventName[], _stored: readonly TaskEventName[]): Promise<void> =>
    undefined;
  onAwait = async (_id: string): Promise<Finished | 'pending' | 'unknown'> => 'pending';

  /** The next steps claim these, one lot each; later ones claim nothing. */
  claims(...lots: readonly (readonly ClaimedTask[])[]): void {
    const left = [...lots];
    this.onStep = async () => ({ tasks: left.shift() ?? [], nextMs: undefined });
  }

  push(push: Push): void {
    for (const listener of this.pushListeners) listener(push);
  }

  gap(): void {
    for (const listener of this.gapListeners) listener();
  }

  /** How often the method was called. */
  count(method: string): number {
    return this.calls.filter((call) => call.startsWith(method)).length;
  }

  add(tasks: readonly NewTask[]): Promise<readonly Added[]> {
    this.calls.push(`add [${tasks.map(({ id }) => id).join()}]`);
    return this.onAdd(tasks);
  }

  join(previous?: { readonly consumer: string; readonly keep: readonly string[] }): Promise<Joined> {
    this.calls.push(previous ? `join ${previous.consumer} [${previous.keep.join()}]` : 'join');
    return this.onJoin(previous);
  }

  /** Noted as `step c1 [a completed] 3`, and with rooms as `step c1 [] 3 of 2: run 1, sum 5 apart`. */
  step(consumer: string, acks: readonly Ack[], slots: number, rooms?: Rooms): Promise<Step> {
    const acked = acks.map(({ id, to }) => `${id} ${to}`).join();
    this.calls.push(`step ${consumer} [${acked}] ${slots}${rooms ? written(rooms) : ''}`);
    this.acks.push([...acks]);
    return this.onStep(consumer, acks, slots, rooms);
  }

  beat(consumer: string, state: 'busy' | 'idle'): Promise<Beat> {
    this.calls.push(`beat ${consumer} ${state}`);
    return this.onBeat(consumer);
  }

  leave(consumer: string): Promise<void> {
    this.calls.push(`leave ${consumer}`);
    return this.onLeave();
  }

  note(consumer: string, id: string, kind: string, text: string): Promise<boolean> {
    this.calls.push(`note ${consumer} ${id} ${kind} ${text}`);
    return this.onNote();
  }

  awaitOutcome(id: string): Promise<Finished | 'pending' | 'unknown'> {
    this.calls.push(`await ${id}`);
    return this.onAwait(id);
  }

  tidy(consumer: string, names: readonly string[]): Promise<{ readonly more: boolean }> {
    this.calls.push(`tidy ${consumer} [${names.join()}]`);
    return this.onTidy();
  }

  read(ids: readonly string[]): Promise<readonly (TaskRecord | undefined)[]> {
    return Promise.resolve(ids.map(() => undefined));
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  counts(): Promise<Readonly<Record<TaskState, number>>> {
    const none = Object.fromEntries(TASK_STATES.map((state) => [state, 0]));
    return Promise.resolve(none as Record<TaskState, number>);
  }

  remove(ids: readonly string[]): Promise<readonly 'missing'[]> {
    return Promise.resolve(ids.map(() => 'missing'));
  }

  cancel(ids: readonly string[]): Promise<readonly 'missing'[]> {
    return Promise.resolve(ids.map(() => 'missing'));
  }

  promote(ids: readonly string[]): Promise<readonly boolean[]> {
    return Promise.resolve(ids.map(() => false));
  }

  retry(ids: readonly string[]): Promise<readonly boolean[]> {
    return Promise.resolve(ids.map(() => false));
  }

  clean(): Promise<number> {
    return Promise.resolve(0);
  }

  pause(): Promise<void> {
    return Promise.resolve();
  }

  resume(): Promise<void> {
    return Promise.resolve();
  }

  paused(): Promise<{ readonly queue: boolean; readonly names: readonly string[] }> {
    return Promise.resolve({ queue: false, names: [] });
  }

  obliterate(): Promise<void> {
    return Promise.resolve();
  }

  consumers(): Promise<readonly ConsumerRecord[]> {
    return Promise.resolve([]);
  }

  /** Noted as `subscribe [completed,dead] [failed]`: what is pushed, and what is stored. */
  subscribe(pushed: readonly TaskEventName[], stored: readonly TaskEventName[]): Promise<void> {
    this.calls.push(`subscribe [${pushed.join()}] [${stored.join()}]`);
    return this.onSubscribe(pushed, stored);
  }

  onRoom(_listener: () => void): void {
    // Nothing is ever full here.
  }

  onLimitsReplaced(): void {
    // Nothing is stored here.
  }

  onPush(listener: (push: Push) => void): void {
    this.pushListeners.push(listener);
  }

  onGap(listener: () => void): void {
    this.gapListeners.push(listener);
  }
}

function written({ shared, names }: Rooms): string {
  const each = names.map(({ name, free, apart }) => `${name} ${free}${apart ? ' apart' : ''}`);
  return ` of ${shared}: ${each.join(', ')}`;
}

/** Whatever a few turns of the event loop bring about has happened. */
export async function turns(count = 12): Promise<void> {
  for (let turn = 0; turn < count; turn++) await settled();
}
