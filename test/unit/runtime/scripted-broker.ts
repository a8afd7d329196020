import type {
  Ack,
  Beat,
  ClaimedTask,
  Finished,
  Joined,
  Push,
  QueueBroker,
  Step,
} from '../../../lib/task/task.broker.js';
import type { TaskState } from '../../../lib/task/task.state.js';
import { settled } from '../../support/manual-clock.js';

export const NOTHING: Step = { tasks: [], nextMs: undefined };

/** A queue that does what the test says: each call is noted and answered by a function that the test may replace. */
export class ScriptedBroker implements QueueBroker {
  readonly name = 'work';
  readonly calls: string[] = [];
  readonly acks: Ack[][] = [];
  private readonly pushListeners: ((push: Push) => void)[] = [];
  private readonly gapListeners: (() => void)[] = [];
  private names = 0;

  onJoin = async (_previous?: {
    readonly consumer: string;
    readonly keep: readonly string[];
  }): Promise<Joined> => ({ consumer: `c${++this.names}`, kept: _previous?.keep ?? [] });
  onStep = async (_consumer: string, _acks: readonly Ack[], _slots: number): Promise<Step> => NOTHING;
  onBeat = async (_consumer: string): Promise<Beat> => 'ok';
  onLeave = async (): Promise<void> => undefined;
  onTidy = async (): Promise<{ readonly more: boolean }> => ({ more: false });
  onNote = async (): Promise<boolean> => true;
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

  add(): Promise<readonly boolean[]> {
    return Promise.resolve([]);
  }

  join(previous?: { readonly consumer: string; readonly keep: readonly string[] }): Promise<Joined> {
    this.calls.push(previous ? `join ${previous.consumer} [${previous.keep.join()}]` : 'join');
    return this.onJoin(previous);
  }

  step(consumer: string, acks: readonly Ack[], slots: number): Promise<Step> {
    this.calls.push(`step ${consumer} [${acks.map(({ id, to }) => `${id} ${to}`).join()}] ${slots}`);
    this.acks.push([...acks]);
    return this.onStep(consumer, acks, slots);
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

  tidy(): Promise<{ readonly more: boolean }> {
    this.calls.push('tidy');
    return this.onTidy();
  }

  read(): Promise<readonly undefined[]> {
    return Promise.resolve([]);
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  counts(): Promise<Readonly<Record<TaskState, number>>> {
    return Promise.resolve({ waiting: 0, delayed: 0, active: 0, completed: 0, dead: 0, parked: 0 });
  }

  remove(): Promise<'missing'> {
    return Promise.resolve('missing');
  }

  onPush(listener: (push: Push) => void): void {
    this.pushListeners.push(listener);
  }

  onGap(listener: () => void): void {
    this.gapListeners.push(listener);
  }
}

/** Whatever a few turns of the event loop bring about has happened. */
export async function turns(count = 12): Promise<void> {
  for (let turn = 0; turn < count; turn++) await settled();
}
