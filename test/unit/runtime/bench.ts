import { Consumer } from '../../../lib/task/runtime/consumer.js';
import { Executor } from '../../../lib/task/runtime/executor.js';
import type { SlotPool } from '../../../lib/task/runtime/slot.pool.js';
import type { TaskHandler } from '../../../lib/task/runtime/task.handler.js';
import { TaskCodec } from '../../../lib/task/task.codec.js';
import type { ClaimedTask } from '../../../lib/task/task.broker.js';
import type { TaskContext } from '../../../lib/task/task.context.js';
import { writeEnvelope, type TaskOverrides } from '../../../lib/task/task.envelope.js';
import { DEFAULT_POLICY } from '../../../lib/task/task.policy.js';
import { Deferred } from '../../support/deferred.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { ScriptedBroker, turns } from './scripted-broker.js';
import { ScriptedTasks } from './scripted-tasks.js';

export function task(id: string, name = 'run', overrides: TaskOverrides = {}, tries = 0): ClaimedTask {
  return { id, envelope: writeEnvelope({ name, enqueuedAt: 0, overrides, payload: '' }), tries };
}

/** A run of a handler that the test holds in hand. */
export interface Run extends Deferred<unknown> {
  readonly context: TaskContext;
}

/** A consumer of a scripted queue, on a clock that stands still. Its handler `run` ends when the test says so. */
export class Bench {
  readonly clock = new ManualClock();
  readonly broker: ScriptedBroker;
  readonly tasks = new ScriptedTasks();
  readonly logger = new RecordingLogger();
  /** Runs under way or ended, by id; the newest of each. */
  readonly runs = new Map<string, Run>();
  /** Ids in the order in which their handlers were called. */
  readonly ran: string[] = [];
  busy = 0;
  readonly consumer: Consumer;
  begun = (_id: string): void => undefined;

  /**
   * @param others further handlers, by name
   * @param shared its queue among others, and slots that it shares with the benches of those
   */
  constructor(
    readonly slots = 3,
    others: Readonly<Record<string, Partial<TaskHandler>>> = {},
    shared?: { readonly pool?: SlotPool; readonly queue: string },
  ) {
    this.broker = new ScriptedBroker(shared?.queue);
    const held: TaskHandler = {
      name: 'run',
      policy: DEFAULT_POLICY,
      run: (_payload, context) => {
        const run = Object.assign(new Deferred<unknown>(), { context });
        this.runs.set(context.id, run);
        this.ran.push(context.id);
        this.begun(context.id);
        return run.promise;
      },
    };
    const handlers = [
      ['run', held] as const,
      ...Object.entries(others).map(([name, other]) => [name, { ...held, name, ...other }] as const),
    ];
    const executor = new Executor(handlers, this.logger, {
      queue: 'work',
      clock: this.clock,
      codec: TaskCodec.plain,
      maxPayloadBytes: 1_000_000,
    });
    this.consumer = new Consumer(this.broker, executor, slots, this.clock, this.logger, shared?.pool);
  }

  /** Starts it with these in hand. */
  async start(...ids: readonly string[]): Promise<this> {
    if (ids.length > 0) this.broker.claims(ids.map((id) => task(id)));
    await this.consumer.start(() => this.busy++);
    await turns();
    return this;
  }

  run(id: string): Run {
    const run = this.runs.get(id);
    if (!run) throw new Error(`${id} does not run`);
    return run;
  }

  async end(...ids: readonly string[]): Promise<void> {
    for (const id of ids) this.run(id).resolve(undefined);
    await turns();
  }

  /** What was called since the last time. */
  news(): string[] {
    return this.broker.calls.splice(0);
  }
}
