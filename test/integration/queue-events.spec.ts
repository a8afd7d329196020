import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Ctx,
  InjectQueue,
  Processor,
  Task,
  TASK_EVENTS,
  TaskContext,
  TaskEvent,
  Queue,
  type TaskEventName,
} from 'nestjs-depot';
import { DepotRuntime } from '../../lib/depot.runtime.js';
import { appModule, closeApp, ENGINES, queueOf, signal, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { startQueue } from '../support/queue-app.js';

@Processor('work')
class WorkProcessor {
  readonly begun = signal();
  readonly hold = signal();

  @Task()
  async echo(payload: string, task: TaskContext): Promise<string> {
    await task.progress({ done: 50 });
    return `${payload}!`;
  }

  @Task({ attempts: 2, backoff: 1 })
  async fails(@Ctx() task: TaskContext): Promise<void> {
    throw new RangeError(`attempt ${task.attempt}`);
  }

  @Task()
  async slow(@Ctx() task: TaskContext): Promise<void> {
    this.begun.give();
    await Promise.race([
      this.hold.given,
      new Promise((_, reject) => task.signal.addEventListener('abort', () => reject(new Error('stopped')))),
    ]);
  }
}

/** Everything that a queue tells, once it does. */
async function told(queue: Queue, names: readonly TaskEventName[] = TASK_EVENTS): Promise<TaskEvent[]> {
  const events: TaskEvent[] = [];
  await Promise.all(names.map((name) => queue.on(name, (event) => events.push(event)).ready));
  return events;
}

const brief = ({ event, name, attempt }: TaskEvent): string => `${event} ${name} ${attempt}`;

describe.each(ENGINES)('what happens to tasks on the %s engine', (engine) => {
  const start = async () => {
    const started = await startQueue<WorkProcessor>(engine, { providers: [WorkProcessor] });
    return { ...started, worker: started.app.get(WorkProcessor) };
  };

  it('is told to whoever listens: a task that is completed', async () => {
    const { queue } = await start();
    const events = await told(queue as Queue);
    const from = Date.now() - 1_000;
    const task = await queue.add('echo', 'a');
    await task.result();
    await eventually(() => expect(events).toHaveLength(4));
    // Two connections bring them: what happens in the same moment may come in any order.
    events.sort((a, b) => TASK_EVENTS.indexOf(a.event) - TASK_EVENTS.indexOf(b.event));
    expect(events.map(brief)).toEqual([
      'waiting echo 0',
      'active echo 1',
      'progress echo 1',
      'completed echo 1',
    ]);
    const [, active, progress, completed] = events;
    expect(active).toBeInstanceOf(TaskEvent);
    expect(active).toMatchObject({ taskId: task.id, queue: 'work', payload: 'a', result: undefined });
    expect(active?.at.getTime()).toBeGreaterThan(from);
    expect(inspect(active)).not.toContain('codec');
    expect(progress).toMatchObject({ progress: { done: 50 }, result: undefined, error: undefined });
    expect(completed).toMatchObject({
      result: 'a!',
      progress: undefined,
      error: undefined,
      runAt: undefined,
    });
  });

  it('is told to whoever listens: a task that fails, is tried again and dies', async () => {
    const { queue } = await start();
    const events = await told(queue as Queue, ['failed', 'retrying', 'dead']);
    const task = await queue.add('fails');
    await task.result().catch(() => undefined);
    await eventually(() => expect(events).toHaveLength(4));
    expect(events.map(brief)).toEqual([
      'failed fails 1',
      'retrying fails 1',
      'failed fails 2',
      'dead fails 2',
    ]);
    for (const [i, event] of events.entries()) {
      expect(event.error).toMatchObject({ name: 'RangeError', message: `attempt ${i < 2 ? 1 : 2}` });
      expect(event.runAt).toEqual(event.event === 'retrying' ? expect.any(Date) : undefined);
    }
  });

  it('is told to whoever listens: tasks that wait, expire, are cancelled and are parked', async () => {
    const { queue, worker } = await start();
    const events = await told(queue as Queue, ['waiting', 'cancelled', 'expired', 'parked']);
    await queue.pause();
    const expired = await queue.add('echo', 'a', { expiresIn: 5 });
    await expired.result().catch(() => undefined);
    const cancelled = await queue.add('echo', 'b');
    await queue.cancel(cancelled.id);
    await queue.resume();
    const running = await queue.add('slow');
    await worker.begun.given;
    await queue.cancel(running.id);
    await running.result().catch(() => undefined);
    await (queue as Queue).add('nobody');
    await eventually(() => expect(events).toHaveLength(8));
    expect(events.map(({ event, name }) => `${event} ${name}`).toSorted()).toEqual([
      'cancelled echo',
      'cancelled slow',
      'expired echo',
      'parked nobody',
      'waiting echo',
      'waiting echo',
      'waiting nobody',
      'waiting slow',
    ]);
    const parked = events.find(({ event }) => event === 'parked');
    expect(parked?.error).toMatchObject({ code: 'DEPOT_UNKNOWN_TASK' });
  });

  it('is told no more once a listener has ended, and still to others', async () => {
    const { queue } = await start();
    const [one, two]: string[][] = [[], []];
    const stop = queue.on('completed', ({ payload }) => one?.push(String(payload)));
    const other = queue.on('completed', ({ payload }) => two?.push(String(payload)));
    await Promise.all([stop.ready, other.ready]);
    await (await queue.add('echo', 'a')).result();
    await eventually(() => expect([one, two]).toEqual([['a'], ['a']]));
    stop();
    stop();
    await (await queue.add('echo', 'b')).result();
    await eventually(() => expect(two).toEqual(['a', 'b']));
    expect(one).toEqual(['a']);
  });

  it('is told although a listener throws or rejects, which is logged', async () => {
    const { queue, logger } = await start();
    const events: string[] = [];
    queue.on('completed', () => {
      throw new Error('thrown by a listener');
    });
    queue.on('completed', async () => {
      await Promise.resolve();
      throw new Error('rejected by a listener');
    });
    await queue.on('completed', ({ result }) => events.push(String(result))).ready;
    const task = await queue.add('echo', 'a');
    await eventually(() => expect(events).toEqual(['a!']));
    await eventually(() => expect(logger.errors).toHaveLength(2));
    expect(logger.errors).toEqual([
      `Queue 'work': a listener of 'completed' failed on task ${task.id}: thrown by a listener`,
      `Queue 'work': a listener of 'completed' failed on task ${task.id}: rejected by a listener`,
    ]);
  });

  it('is told to a provider that listens from its constructor on', async () => {
    @Injectable()
    class Screen {
      readonly results: unknown[] = [];

      constructor(@InjectQueue('work') queue: Queue) {
        queue.on('completed', ({ result }) => this.results.push(result));
      }
    }
    const providers = [WorkProcessor, Screen];
    // Whatever asks for a connection that is not there yet would fail at once.
    const depot = { connection: { offlineWait: 0 } };
    const { app, queue, logger } = await startQueue<WorkProcessor>(engine, { providers, depot });
    await (await queue.add('echo', 'a')).result();
    await eventually(() => expect(app.get(Screen).results).toEqual(['a!']));
    expect(logger.warnings).toEqual([]);
  });

  it('is not told by a name that nothing has', async () => {
    const { queue } = await start();
    expect(() => queue.on('done' as 'dead', () => undefined)).toThrow(
      'the event is "done"; expected one of waiting, active, progress',
    );
    expect(() => queue.on('dead', 'log' as unknown as () => void)).toThrow(
      'the listener of \'dead\' is "log"; expected a function',
    );
  });

  it('is not wanted any more when the application has closed', async () => {
    const { app, queue } = await start();
    await queue.on('completed', () => undefined).ready;
    const broker = app.get(DepotRuntime, { strict: false }).queue('work')?.broker;
    const wanted: unknown[] = [];
    const subscribe = broker?.subscribe.bind(broker);
    Object.assign(broker ?? {}, {
      subscribe: (...names: Parameters<NonNullable<typeof subscribe>>) => {
        wanted.push(names);
        return subscribe?.(...names);
      },
    });
    await closeApp(app);
    expect(wanted).toEqual([[[], []]]);
  });

  it('is not sent to anybody while nobody listens', async () => {
    const { app, queue } = await start();
    const sent: string[] = [];
    app
      .get(DepotRuntime, { strict: false })
      .queue('work')
      ?.broker.onPush(({ kind }) => sent.push(kind));
    const stop = queue.on('progress', () => undefined);
    await stop.ready;
    await (await queue.add('echo', 'a')).result();
    // Its push and that of the result come by two connections.
    await eventually(() => expect(sent.filter((kind) => kind === 'event')).toHaveLength(1));
    stop();
    await eventually(async () => {
      sent.length = 0;
      await (await queue.add('echo', 'b')).result();
      expect(sent).not.toContain('event');
    });
  });
});

it('what happens in another process is told, whoever ends it', async () => {
  const { queue, options, app } = await startQueue<WorkProcessor>('redis', { depot: { workers: 'none' } });
  const events = await told(queue as Queue, ['active', 'completed']);
  const worker = await startApp(
    appModule({ ...options, workers: 'all' }, ['work'], { providers: [WorkProcessor] }),
  );
  await queueOf<WorkProcessor>(worker, 'work').add('echo', 'a');
  await eventually(() => expect(events.map(brief).toSorted()).toEqual(['active echo 1', 'completed echo 1']));
  await closeApp(app);
});
