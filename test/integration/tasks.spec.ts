import { describe, expect, it } from '@jest/globals';
import {
  Ctx,
  DiscardTask,
  Payload,
  Processor,
  RetryTask,
  Task,
  TaskContext,
  TaskFailedError,
  TaskNotFoundError,
  ResultTimeoutError,
  TaskTimeoutError,
} from 'nestjs-depot';
import { appModule, ENGINES, optionsFor, queueOf, signal, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

@Processor('work', { concurrency: 3 })
class WorkProcessor {
  attempts: number[] = [];
  aborted: unknown[] = [];
  running = 0;
  most = 0;
  hold = signal();

  @Task()
  async echo(@Payload() payload: unknown): Promise<unknown> {
    return payload;
  }

  @Task()
  plain(payload: { n: number }, context: TaskContext): string {
    return `${context.queue}/${context.name} ${payload.n}`;
  }

  @Task()
  async reversed(@Ctx() task: TaskContext, @Payload() payload: string): Promise<string> {
    return `${payload} ${task.attempt}/${task.attempts} ${task.enqueuedAt instanceof Date}`;
  }

  @Task({ attempts: 3, backoff: 1 })
  async third(@Ctx() task: TaskContext): Promise<string> {
    this.attempts.push(task.attempt);
    if (task.attempt < 3) throw new TypeError(`not yet ${task.attempt}`);
    return 'at last';
  }

  @Task({ attempts: 2, backoff: 1 })
  async never(): Promise<void> {
    this.attempts.push(1);
    throw Object.assign(new RangeError('never works'), { code: 'E_NEVER' });
  }

  @Task({ attempts: 5 })
  async discarded(): Promise<void> {
    this.attempts.push(1);
    throw new DiscardTask('not worth it');
  }

  @Task({ attempts: 2 })
  async uncounted(@Ctx() task: TaskContext): Promise<number> {
    this.attempts.push(task.attempt);
    if (this.attempts.length < 4) throw new RetryTask(1, { count: false });
    return task.attempt;
  }

  @Task({ attempts: 2 })
  async counted(@Ctx() task: TaskContext): Promise<void> {
    this.attempts.push(task.attempt);
    throw new RetryTask(1);
  }

  @Task({ timeout: 20 })
  async slow(@Ctx() task: TaskContext): Promise<void> {
    task.signal.addEventListener('abort', () => this.aborted.push(task.signal.reason));
    await this.hold.given;
  }

  @Task()
  async reports(@Ctx() task: TaskContext): Promise<void> {
    await task.progress({ current: 1, total: 2, at: new Date(7) });
    await task.log('first line');
    await task.log('second\nline');
    this.attempts.push(1);
    await this.hold.given;
  }

  @Task()
  async crowded(): Promise<void> {
    this.most = Math.max(this.most, ++this.running);
    await new Promise((resolve) => setImmediate(resolve));
    this.running--;
  }

  @Task({ aliases: ['old name', 'user.old'] })
  async 'user.renamed'(): Promise<string> {
    return 'renamed';
  }
}

describe.each(ENGINES)('tasks on the %s engine', (engine) => {
  async function start() {
    const app = await startApp(appModule(optionsFor(engine), ['work'], { providers: [WorkProcessor] }));
    return { app, queue: queueOf<WorkProcessor>(app, 'work'), worker: app.get(WorkProcessor) };
  }

  it('gives a result back as it was returned', async () => {
    const { queue } = await start();
    const value = {
      at: new Date(5),
      map: new Map([[1, new Set(['a'])]]),
      big: 5n,
      bytes: Buffer.from('x'),
      no: undefined,
    };
    const task = await queue.add('echo', value);
    expect(await task.result()).toEqual(value);
    expect(task.created).toBe(true);
  });

  it('calls a handler without parameter decorators with payload and context', async () => {
    const { queue } = await start();
    expect(await (await queue.add('plain', { n: 4 })).result()).toBe('work/plain 4');
  });

  it('gives parameters where their decorators stand', async () => {
    const { queue } = await start();
    expect(await (await queue.add('reversed', 'p')).result()).toBe('p 1/1 true');
  });

  it('retries until the handler works, and counts the attempts', async () => {
    const { queue, worker } = await start();
    const task = await queue.add('third');
    expect(await task.result()).toBe('at last');
    expect(worker.attempts).toEqual([1, 2, 3]);
    expect(await queue.get(task.id)).toMatchObject({ state: 'completed', attempt: 3, result: 'at last' });
  });

  it('keeps a task whose attempts are used up, with error and stack', async () => {
    const { queue, worker } = await start();
    const task = await queue.add('never');
    const failure = await task.result().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TaskFailedError);
    expect((failure as TaskFailedError).failure).toMatchObject({ name: 'RangeError', code: 'E_NEVER' });
    expect(worker.attempts).toHaveLength(2);
    const dead = await queue.get(task.id);
    expect(dead).toMatchObject({ state: 'dead', attempt: 2, error: { message: 'never works' } });
    expect(dead?.error?.stack).toContain('tasks.spec');
    expect(dead?.finishedAt).toBeInstanceOf(Date);
  });

  it('buries a discarded task at once', async () => {
    const { queue, worker } = await start();
    const task = await queue.add('discarded');
    await expect(task.result()).rejects.toThrow('not worth it');
    expect(worker.attempts).toHaveLength(1);
  });

  it('does not count an attempt that asked not to be', async () => {
    const { queue, worker } = await start();
    expect(await (await queue.add('uncounted')).result()).toBe(1);
    expect(worker.attempts).toEqual([1, 1, 1, 1]);
  });

  it('counts an attempt that asked for another one', async () => {
    const { queue, worker } = await start();
    await expect((await queue.add('counted')).result()).rejects.toThrow(TaskFailedError);
    expect(worker.attempts).toEqual([1, 2]);
  });

  it('ends an attempt with its time-out and aborts its signal', async () => {
    const { queue, worker } = await start();
    await expect((await queue.add('slow')).result()).rejects.toThrow('longer than its timeout of 20 ms');
    expect(worker.aborted).toEqual([expect.any(TaskTimeoutError)]);
    worker.hold.give();
  });

  it('lets a task set its own attempts, backoff and time-out', async () => {
    const { queue, worker } = await start();
    const task = await queue.add('slow', undefined, {
      attempts: 2,
      backoff: { type: 'fixed', delay: 1 },
      timeout: 5,
    });
    await expect(task.result()).rejects.toThrow('timeout of 5 ms');
    expect(await queue.get(task.id)).toMatchObject({ attempt: 2 });
    worker.hold.give();
  });

  it('shows progress and log while the task runs, and afterwards', async () => {
    const { queue, worker } = await start();
    const task = await queue.add('reports');
    await eventually(() => expect(worker.attempts).toHaveLength(1));
    const during = await queue.get(task.id);
    expect(during).toMatchObject({
      state: 'active',
      attempt: 1,
      progress: { current: 1, total: 2, at: new Date(7) },
    });
    expect(during?.log.map(({ line }) => line)).toEqual(['first line', 'second\nline']);
    worker.hold.give();
    await task.result();
    expect((await queue.get(task.id))?.log).toHaveLength(2);
  });

  it('runs as many at a time as concurrency says, and all of them', async () => {
    const { queue, worker } = await start();
    const tasks = await queue.addBulk(Array.from({ length: 40 }, () => ({ name: 'crowded' as const })));
    await Promise.all(tasks.map((task) => task.result()));
    expect(worker.most).toBe(3);
  });

  it('serves the old names of a handler that was renamed', async () => {
    const { queue, app } = await start();
    expect(await (await queue.add('user.renamed')).result()).toBe('renamed');
    for (const name of ['old name', 'user.old']) {
      expect(await (await queueOf(app, 'work').add(name)).result()).toBe('renamed');
    }
  });

  it('runs a delayed task when it is due, and not before', async () => {
    const { queue } = await start();
    const inAWhile = await queue.add('echo', 1, { delay: 60 });
    const later = await queue.add('echo', 2, { runAt: new Date(Date.now() + 3_600_000) });
    expect(await queue.get(inAWhile.id)).toMatchObject({ state: 'delayed', attempt: 0 });
    expect(await inAWhile.result()).toBe(1);
    const snapshot = await queue.get(inAWhile.id);
    expect(Number(snapshot?.startedAt) - Number(snapshot?.enqueuedAt)).toBeGreaterThanOrEqual(59);
    expect(await queue.list('delayed')).toMatchObject([{ id: later.id, payload: 2 }]);
  });

  it('adds a task with a given id once', async () => {
    const { queue } = await start();
    const first = await queue.add('echo', 'first', { id: 'my-id' });
    const second = await queue.add('echo', 'second', { id: 'my-id' });
    expect([first.created, second.created]).toEqual([true, false]);
    expect(await second.result()).toBe('first');
  });

  it('tells that a result did not come in time, or will never come', async () => {
    const { queue, worker } = await start();
    const task = await queue.add('reports');
    await expect(task.result({ timeout: 10 })).rejects.toThrow(ResultTimeoutError);
    worker.hold.give();
    await task.result();
    expect(await queue.remove(task.id)).toBe(true);
    await expect(task.result()).rejects.toThrow(TaskNotFoundError);
    expect(await queue.get(task.id)).toBeUndefined();
    expect(await queue.remove(task.id)).toBe(false);
  });

  it('parks a task that nobody here can run, until somebody can', async () => {
    const { app, queue } = await start();
    const task = await queueOf(app, 'work').add('unheard of', { keep: 'me' });
    await eventually(async () =>
      expect(await queue.counts()).toMatchObject({ parked: 1, waiting: 0, active: 0 }),
    );
    expect(await queue.get(task.id)).toMatchObject({
      state: 'parked',
      payload: { keep: 'me' },
      error: { name: 'UnknownTaskError', code: 'DEPOT_UNKNOWN_TASK' },
    });
  });
});

describe('a producer without workers', () => {
  it('adds tasks that another process runs later, and gets their results', async () => {
    const options = optionsFor('redis');
    const module = (workers: 'all' | 'none') =>
      appModule({ ...options, workers }, ['work'], { providers: [WorkProcessor] });
    const producer = queueOf<WorkProcessor>(await startApp(module('none')), 'work');
    const result = (await producer.add('echo', 'later')).result();
    expect(await producer.counts()).toMatchObject({ waiting: 1, active: 0 });
    await startApp(module('all'));
    expect(await result).toBe('later');
  });
});
