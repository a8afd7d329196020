import { describe, expect, it } from '@jest/globals';
import {
  Ctx,
  Processor,
  QueueBusyError,
  Task,
  TaskCancelledError,
  TaskContext,
  type QueueOptions,
} from 'nestjs-depot';
import { appModule, ENGINES, queueOf, signal, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { startQueue } from '../support/queue-app.js';

@Processor('work', { concurrency: 20 })
class WorkProcessor {
  readonly runs: unknown[] = [];
  readonly begun = signal();
  readonly hold = signal();
  works = false;

  @Task()
  async run(payload: unknown): Promise<void> {
    this.runs.push(payload);
  }

  @Task()
  async fragile(payload: unknown): Promise<void> {
    this.runs.push(payload);
    if (!this.works) throw new Error('not yet');
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

const many = (count: number, options = {}, name = 'run') =>
  Array.from({ length: count }, (_, i) => ({ name, payload: i, options }));

describe.each(ENGINES)('steering on the %s engine', (engine) => {
  const start = async (queueOptions: Omit<QueueOptions, 'name'> = {}) => {
    const started = await startQueue(engine, { providers: [WorkProcessor], queue: queueOptions });
    return { ...started, worker: started.app.get(WorkProcessor) };
  };

  it('pauses and resumes the queue', async () => {
    const { queue, worker } = await start();
    expect(await queue.isPaused()).toBe(false);
    await queue.pause();
    expect([await queue.isPaused(), await queue.isPaused('run')]).toEqual([true, true]);
    const task = await queue.add('run', 1);
    expect(await queue.counts()).toMatchObject({ waiting: 1, active: 0 });
    await queue.resume();
    await task.result();
    expect(worker.runs).toEqual([1]);
    expect(await queue.isPaused()).toBe(false);
  });

  it('pauses and resumes tasks of one name', async () => {
    const { queue, worker } = await start();
    await queue.pause('run');
    expect([await queue.isPaused(), await queue.isPaused('run')]).toEqual([false, true]);
    const held = await queue.add('run', 'held');
    worker.works = true;
    await (await queue.add('fragile', 'other')).result();
    expect(worker.runs).toEqual(['other']);
    await queue.resume('run');
    await held.result();
    expect(await queue.isPaused('run')).toBe(false);
    // An empty name is no name: the whole queue is not meant.
    await expect(queue.pause('')).rejects.toThrow('the task name is ""; expected text');
    await expect(queue.resume('')).rejects.toThrow('the task name is ""; expected text');
    expect(await queue.isPaused()).toBe(false);
  });

  it('cancels a task that waits, and one that runs', async () => {
    const { queue, worker } = await start();
    const delayed = await queue.add('run', 1, { delay: '1h' });
    const running = await queue.add('slow');
    await worker.begun.given;
    expect(await queue.cancel(delayed.id)).toBe(true);
    expect(await queue.cancel(running.id)).toBe(true);
    for (const task of [delayed, running]) {
      await expect(task.result()).rejects.toMatchObject({
        constructor: TaskCancelledError,
        code: 'DEPOT_TASK_CANCELLED',
        replacedBy: undefined,
      });
      expect(await queue.get(task.id)).toMatchObject({ state: 'cancelled', finishedAt: expect.any(Date) });
      expect(await queue.cancel(task.id)).toBe(false);
    }
    expect(await queue.cancel('nobody')).toBe(false);
  });

  it('removes what nobody has in hand', async () => {
    const { queue, worker } = await start();
    const running = await queue.add('slow');
    await worker.begun.given;
    expect(await queue.remove(running.id)).toBe(false);
    expect(await queue.remove('nobody')).toBe(false);
    expect(await queue.remove((await queue.add('run', 1, { delay: '1h' })).id)).toBe(true);
    worker.hold.give();
  });

  it('lets a delayed task run now', async () => {
    const { queue } = await start();
    const task = await queue.add('run', 1, { delay: '1h' });
    expect(await queue.promote(task.id)).toBe(true);
    await task.result();
    expect(await queue.promote(task.id)).toBe(false);
  });

  it('begins dead and other ended tasks anew', async () => {
    const { queue, worker } = await start();
    const task = await queue.add('fragile', 1);
    await task.result().catch(() => undefined);
    worker.works = true;
    expect(await queue.retry(task.id)).toBe(true);
    await task.result();
    expect(await queue.get(task.id)).toMatchObject({
      state: 'completed',
      attempt: 1,
      failures: [{ error: { message: 'not yet' } }],
    });
    expect(await queue.retry(task.id)).toBe(true);
    await eventually(() => expect(worker.runs).toHaveLength(3));
    expect(await queue.retry('nobody')).toBe(false);
  });

  it('begins dead tasks of a name anew, those that died first, as many as are asked for', async () => {
    const { queue, worker } = await start();
    const dead = await queue.addBulk(many(4, {}, 'fragile'));
    await Promise.allSettled(dead.map((task) => task.result()));
    const order = (await queue.list('dead')).map(({ id }) => id);
    worker.works = true;
    expect(await queue.retryDead({ name: 'run' })).toBe(0);
    expect(await queue.retryDead({ since: new Date(Date.now() + 60_000) })).toBe(0);
    expect(await queue.retryDead({ name: 'fragile', limit: 1 })).toBe(1);
    await eventually(async () =>
      expect((await queue.list('dead')).map(({ id }) => id)).toEqual(order.slice(1)),
    );
    expect(await queue.retryDead({ since: new Date(0) })).toBe(3);
    await eventually(async () => expect(await queue.counts()).toMatchObject({ completed: 4, dead: 0 }));
  });

  it('begins dead tasks anew at a rate, which holds beyond what one call takes', async () => {
    const { queue, worker } = await start();
    const dead = await queue.addBulk(many(1_100, {}, 'fragile'));
    await Promise.allSettled(dead.map((task) => task.result()));
    worker.works = true;
    await queue.pause();
    const before = Date.now();
    expect(await queue.retryDead({ rate: { max: 2, per: '1m' } })).toBe(1_100);
    const delayed = await queue.list('delayed', { start: 0, stop: -1 });
    const due = delayed.map(({ runAt }) => Math.round((Number(runAt) - before) / 30_000));
    expect(due).toEqual(Array.from({ length: 1_099 }, (_, i) => i + 1));
    expect(await queue.counts()).toMatchObject({ waiting: 1, delayed: 1_099, dead: 0 });
  });

  it('does the same to many, by id or by what they have in common', async () => {
    const { queue } = await start();
    await queue.pause();
    const added = await queue.addBulk([
      ...many(600, { delay: '1h', tags: ['late'] }),
      ...many(3, { tags: ['now'] }),
    ]);
    expect(await queue.bulk('promote', { tag: 'late', where: { '': 7 } })).toBe(0);
    expect(await queue.bulk('promote', { state: 'delayed', tag: 'late' })).toBe(600);
    expect(await queue.bulk('cancel', { tag: 'now' })).toBe(3);
    expect(await queue.bulk('retry', { state: 'cancelled' })).toBe(3);
    const ids = added.map(({ id }) => id);
    expect(await queue.bulk('remove', [...ids, 'nobody'])).toBe(603);
    await expect(queue.bulk('delete' as 'remove', ids)).rejects.toThrow(
      'the action is "delete"; expected one of remove, cancel, promote, retry',
    );
  });

  it('cleans ended tasks by age and number, the oldest first', async () => {
    const { queue } = await start();
    const tasks = await queue.addBulk(many(5));
    await Promise.all(tasks.map((task) => task.result()));
    const order = (await queue.list('completed')).map(({ id }) => id);
    expect(await queue.clean('completed', { olderThan: '1h' })).toBe(0);
    expect(await queue.clean('completed', { olderThan: '1h', limit: 2 })).toBe(0);
    expect(await queue.clean('completed', { limit: 2 })).toBe(2);
    expect((await queue.list('completed')).map(({ id }) => id)).toEqual(order.slice(2));
    expect(await queue.clean('completed')).toBe(3);
    await expect(queue.clean('active' as 'dead')).rejects.toThrow("state of clean is 'active'");
    await expect(queue.clean('dead', { limit: 0 })).rejects.toThrow('limit of clean is 0; expected');
  });

  it('drains what waits, and what is delayed when asked to', async () => {
    const { queue, worker } = await start();
    await queue.add('slow');
    await worker.begun.given;
    await queue.pause();
    await queue.addBulk([...many(1_100), ...many(700, { delay: '1h' })]);
    expect(await queue.drain()).toBe(1_100);
    expect(await queue.counts()).toMatchObject({ waiting: 0, delayed: 700, active: 1 });
    await queue.addBulk(many(2));
    expect(await queue.drain({ delayed: true })).toBe(702);
    expect(await queue.counts()).toMatchObject({ waiting: 0, delayed: 0, active: 1 });
    worker.hold.give();
  });

  it('obliterates a queue, but not what is active unless forced to', async () => {
    const { queue, worker } = await start();
    const running = await queue.add('slow');
    await worker.begun.given;
    await expect(queue.obliterate()).rejects.toMatchObject({
      constructor: QueueBusyError,
      code: 'DEPOT_QUEUE_BUSY',
      message: expect.stringContaining("queue 'work' has 1 active tasks"),
    });
    await queue.add('run', 1, { delay: '1h' });
    await queue.obliterate({ force: true });
    expect(Object.values(await queue.counts()).every((count) => count === 0)).toBe(true);
    await expect(running.result()).rejects.toMatchObject({ code: 'DEPOT_TASK_NOT_FOUND' });
    worker.hold.give();
    await eventually(async () => {
      await queue.add('run', 'after');
      expect(worker.runs).toContain('after');
    });
  });

  it('runs what is added after a queue was obliterated while its worker idled, at once', async () => {
    const { queue } = await start();
    await (await queue.add('run', 'before')).result();
    await queue.obliterate();
    await (await queue.add('run', 'after')).result({ timeout: '3s' });
  });
});

it('a task is cancelled, and a queue paused, from a process that does not work', async () => {
  const { queue, options } = await startQueue('redis', { depot: { workers: 'none' } });
  const worker = await startApp(
    appModule({ ...options, workers: 'all' }, ['work'], { providers: [WorkProcessor] }),
  );
  const task = await queue.add('slow');
  await worker.get(WorkProcessor).begun.given;
  expect(await queue.cancel(task.id)).toBe(true);
  await expect(task.result()).rejects.toThrow(TaskCancelledError);
  await queue.pause();
  expect(await queueOf(worker, 'work').isPaused()).toBe(true);
});
