import { describe, expect, it } from '@jest/globals';
import {
  Ctx,
  Processor,
  Task,
  TaskContext,
  TaskExpiredError,
  TaskFailedError,
  TaskNotFoundError,
} from 'nestjs-depot';
import { closeApp, ENGINES, signal, startApp, appModule, queueOf } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { startQueue } from '../support/queue-app.js';

@Processor('work', { concurrency: 1 })
class WorkProcessor {
  readonly runs: unknown[] = [];
  readonly hold = signal();

  @Task()
  async echo(payload: unknown): Promise<unknown> {
    this.runs.push(payload);
    return payload;
  }

  @Task({ attempts: 100, backoff: 5 })
  async fails(): Promise<void> {
    throw new Error('again');
  }

  @Task()
  async slow(@Ctx() task: TaskContext): Promise<void> {
    await Promise.race([
      this.hold.given,
      new Promise((_, reject) => task.signal.addEventListener('abort', reject)),
    ]);
  }
}

describe.each(ENGINES)('adding a task on the %s engine', (engine) => {
  const start = async (queueOptions = {}) => {
    const { app, queue } = await startQueue(engine, { providers: [WorkProcessor], queue: queueOptions });
    return { queue, worker: app.get(WorkProcessor) };
  };

  it('with a priority runs it before those of a lower one', async () => {
    const { queue, worker } = await start();
    await queue.pause();
    for (const priority of [0, 9, 5, 7]) await queue.add('echo', priority, { priority });
    await queue.add('echo', 'default');
    await queue.resume();
    await eventually(() => expect(worker.runs).toEqual([9, 7, 5, 'default', 0]));
  });

  it('with a group lets groups take turns', async () => {
    const { queue, worker } = await start();
    await queue.pause();
    for (const group of ['a', 'a', 'a', 'b', 'c']) await queue.add('echo', group, { group });
    await queue.resume();
    await eventually(() => expect(worker.runs).toHaveLength(5));
    expect(worker.runs.slice(0, 3).toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('that nobody begins in time ends it as expired', async () => {
    const { queue, worker } = await start();
    await queue.pause();
    const task = await queue.add('echo', 1, { expiresIn: 20 });
    expect(await queue.get(task.id)).toMatchObject({ state: 'waiting', expiresAt: expect.any(Date) });
    await expect(task.result()).rejects.toMatchObject({
      constructor: TaskExpiredError,
      code: 'DEPOT_TASK_EXPIRED',
    });
    expect(await queue.get(task.id)).toMatchObject({ state: 'expired', error: undefined });
    await queue.resume();
    await (await queue.add('echo', 2)).result();
    expect(worker.runs).toEqual([2]);
  });

  it('with a deadline ends it as dead when that is over, whatever attempts are left', async () => {
    const { queue } = await start();
    const task = await queue.add('fails', undefined, { deadline: 300 });
    const failure = await task.result().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TaskFailedError);
    expect(failure).toMatchObject({ failure: { code: 'DEPOT_TASK_DEADLINE' } });
    const dead = await queue.get(task.id);
    expect(dead).toMatchObject({ state: 'dead', error: { code: 'DEPOT_TASK_DEADLINE' } });
    expect(dead?.failures.length).toBeGreaterThan(0);
    expect(dead?.failures[0]).toMatchObject({
      startedAt: expect.any(Date),
      finishedAt: expect.any(Date),
      error: { message: 'again' },
    });
  });

  it('with keepResult false keeps nothing of it, and whoever waits has its result all the same', async () => {
    const { queue, worker } = await start();
    await queue.pause();
    const task = await queue.add('echo', 1, { keepResult: false });
    const result = task.result();
    await queue.add('echo', 2);
    await queue.resume();
    expect(await result).toBe(1);
    expect(await queue.get(task.id)).toBeUndefined();
    await eventually(() => expect(worker.runs).toEqual([1, 2]));
    await expect(task.result()).rejects.toThrow(TaskNotFoundError);
  });

  it('with keepResult keeps its result longer than the queue keeps the task', async () => {
    const { queue } = await start({ keep: { completed: { count: 1 } } });
    const task = await queue.add('echo', 'kept', { keepResult: '1h' });
    await task.result();
    await (await queue.add('echo', 'later')).result();
    await eventually(async () => expect(await queue.get(task.id)).toBeUndefined());
    expect(await task.result()).toBe('kept');
  });

  it('shows all of that', async () => {
    const { queue } = await start();
    await queue.pause();
    const task = await queue.add('echo', 1, {
      priority: 8,
      group: 'acme',
      tags: ['a', 'b'],
      unique: { key: 'k' },
      delay: '1h',
      expiresIn: '1h',
    });
    const shown = await queue.get(task.id);
    expect(shown).toMatchObject({
      state: 'delayed',
      priority: 8,
      group: 'acme',
      tags: ['a', 'b'],
      uniqueKey: 'k',
      failures: [],
    });
    expect(Number(shown?.runAt) - Number(shown?.enqueuedAt)).toBeCloseTo(3_600_000, -3);
    expect(Number(shown?.expiresAt) - Number(shown?.runAt)).toBeCloseTo(3_600_000, -3);
    const plain = await queue.get((await queue.add('echo', 1)).id);
    expect(plain).toMatchObject({ priority: 5, group: undefined, tags: [], uniqueKey: undefined });
    expect(plain?.expiresAt).toBeUndefined();
  });
});

it('a task of a process without workers has the options that it was added with', async () => {
  const { app, queue, options } = await startQueue('redis', { depot: { workers: 'none' } });
  const task = await queue.add('echo', 1, { keepResult: false });
  const result = task.result();
  await startApp(appModule({ ...options, workers: 'all' }, ['work'], { providers: [WorkProcessor] }));
  expect(await result).toBe(1);
  expect(await queueOf(app, 'work').get(task.id)).toBeUndefined();
  await closeApp(app);
});
