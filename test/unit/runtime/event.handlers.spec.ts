import { describe, expect, it } from '@jest/globals';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import { readEvent, writeEvent, type EventRecord } from '../../../lib/task/event.record.js';
import { EventHandlers, type EventHandler } from '../../../lib/task/runtime/event.handlers.js';
import { Executor } from '../../../lib/task/runtime/executor.js';
import { RunningTask } from '../../../lib/task/runtime/running-task.js';
import type { Ack, ClaimedTask, NewTask } from '../../../lib/task/task.broker.js';
import { TaskCodec } from '../../../lib/task/task.codec.js';
import { writeEnvelope } from '../../../lib/task/task.envelope.js';
import { readTaskEvent, type TaskEvent } from '../../../lib/task/task.event.js';
import { DEFAULT_POLICY } from '../../../lib/task/task.policy.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { ScriptedBroker } from './scripted-broker.js';

const RECORD: EventRecord = {
  name: 'dead',
  id: 't1',
  at: 5,
  tries: 3,
  dueAt: undefined,
  text: '',
  envelope: writeEnvelope({ name: 'welcome', enqueuedAt: 0, overrides: {}, payload: '{"to":"ann"}' }),
};

const stored = (record = RECORD): ClaimedTask => ({
  id: `${record.id}:${record.name}:1`,
  envelope: writeEnvelope({ name: record.name, enqueuedAt: 9, overrides: {}, payload: writeEvent(record) }),
  tries: 0,
});

function listening(...handlers: readonly Partial<EventHandler>[]) {
  const broker = new ScriptedBroker();
  const logger = new RecordingLogger();
  const told: string[] = [];
  const added: NewTask[] = [];
  broker.onAdd = async (tasks) => {
    added.push(...tasks);
    return tasks.map(() => ({ to: 'added' }));
  };
  const found = handlers.map((handler, i): EventHandler => ({
    event: 'dead',
    title: `Class${i}.gaveUp`,
    policy: DEFAULT_POLICY,
    run: (event: TaskEvent) =>
      told.push(`${i} ${event.event} ${event.taskId} ${event.name} ${JSON.stringify(event.payload)}`),
    ...handler,
  }));
  const read = (record: EventRecord): TaskEvent => readTaskEvent('work', record, TaskCodec.plain);
  const executor = new Executor(new EventHandlers(broker, read, logger).of(found), logger, {
    queue: 'work{on}',
    clock: new ManualClock(),
    codec: { encode: (value, what) => TaskCodec.plain.encode(value, what), decode: (text) => text },
    maxPayloadBytes: 1_000,
  });
  const run = async (task: ClaimedTask): Promise<Ack> => {
    const prepared = executor.prepare(task, async () => undefined);
    if (!(prepared instanceof RunningTask)) return prepared;
    return new Promise((end) => executor.run(prepared, 0, end));
  };
  const again = ({ id, envelope }: NewTask): ClaimedTask => ({ id, envelope, tries: 0 });
  return { broker, executor, logger, told, added, run, again };
}

describe('a stored event', () => {
  it('runs the handler that wants it', async () => {
    const { run, told } = listening({});
    expect(await run(stored())).toMatchObject({ to: 'completed' });
    expect(told).toEqual(['0 dead t1 welcome {"to":"ann"}']);
  });

  it('is passed on to each of several handlers, and to none twice', async () => {
    const { run, told, added, again } = listening({}, {}, { event: 'failed' });
    expect(await run(stored())).toMatchObject({ to: 'completed' });
    expect(told).toEqual([]);
    const ids = added.map(({ id }) => id);
    expect(ids).toEqual(['t1:dead:1/Class0.gaveUp', 't1:dead:1/Class1.gaveUp']);
    await run(stored());
    expect(new Set(added.map(({ id }) => id)).size).toBe(2);
    for (const task of added.slice(0, 2)) expect(await run(again(task))).toMatchObject({ to: 'completed' });
    expect(told.map((line) => line.slice(0, 6))).toEqual(['0 dead', '1 dead']);
  });

  it('that was passed on elsewhere runs here, too', async () => {
    const { executor } = listening({});
    expect(executor.names).toEqual(['dead', 'dead/Class0.gaveUp']);
  });

  it('is tried again when its handler fails, which is logged with class and method', async () => {
    const { run, logger } = listening({
      policy: { ...DEFAULT_POLICY, attempts: 2 },
      run: () => Promise.reject(new Error('pager is off')),
    });
    expect(await run(stored())).toMatchObject({ to: 'retry', tries: 1 });
    expect(await run({ ...stored(), tries: 1 })).toMatchObject({ to: 'dead' });
    expect(logger.errors).toHaveLength(2);
    expect(logger.errors[0]).toBe("Class0.gaveUp failed on 'dead' of task t1: pager is off");
  });

  it('has a failing handler tried again alone', async () => {
    const { run, added, again } = listening({ run: () => Promise.reject(new Error('no')) }, {});
    await run(stored());
    const [first, second] = added;
    expect(await run(again(first!))).toMatchObject({ to: 'dead' });
    expect(await run(again(second!))).toMatchObject({ to: 'completed' });
  });

  it('is passed on later when the engine can not be reached', async () => {
    const { run, broker } = listening({}, {});
    broker.onAdd = () => Promise.reject(new EngineUnavailableError('gone'));
    expect(await run(stored())).toMatchObject({ to: 'retry' });
  });

  it('comes back as it was written, whatever its text', () => {
    const record = { ...RECORD, dueAt: 77, text: 'a\nb%0A%25\n', envelope: '1x\n0\n\n"a\\nb"' };
    expect(readEvent('dead', writeEvent(record))).toEqual(record);
  });
});
