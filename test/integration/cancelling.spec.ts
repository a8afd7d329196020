import { describe, expect, it } from '@jest/globals';
import { Ctx, Processor, Task, TaskCancelledError, TaskContext } from 'nestjs-depot';
import { appModule, ENGINES, optionsFor, queueOf, signal, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

@Processor('work', { concurrency: 2 })
class WorkProcessor {
  readonly begun = signal<TaskContext>();
  readonly gate = signal();
  readonly ran: string[] = [];

  /** Ends when the test says so, whatever its signal says. */
  @Task({ attempts: 5, backoff: 1 })
  async stubborn(@Ctx() task: TaskContext): Promise<string> {
    this.ran.push(task.id);
    this.begun.give(task);
    await this.gate.given;
    return 'done after all';
  }

  /** Ends with its signal. */
  @Task({ attempts: 5, backoff: 1, timeout: '1h' })
  async obedient(@Ctx() task: TaskContext): Promise<string> {
    this.ran.push(task.id);
    this.begun.give(task);
    return new Promise((_, reject) =>
      task.signal.addEventListener('abort', () => reject(task.signal.reason as Error)),
    );
  }

  @Task({ attempts: 1_000, backoff: '1h' })
  async failing(): Promise<void> {
    throw new Error('no');
  }
}

const cancelled = { state: 'cancelled', error: { code: 'DEPOT_TASK_CANCELLED' } };

describe.each(ENGINES)('cancelling a task on the %s engine', (engine) => {
  async function working() {
    const app = await startApp(
      appModule(optionsFor(engine, { shutdownTimeout: 100 }), ['work'], { providers: [WorkProcessor] }),
    );
    return { queue: queueOf<WorkProcessor>(app, 'work'), processor: app.get(WorkProcessor) };
  }

  it.each(['stubborn', 'obedient'] as const)('ends one that runs, for good: %s', async (name) => {
    const { queue, processor } = await working();
    const handle = await queue.add(name);
    const task = await processor.begun.given;
    const told = new Promise((resolve) => task.signal.addEventListener('abort', resolve));
    await queue.cancel(handle.id);
    await told;
    expect(task.signal.reason).toBeInstanceOf(TaskCancelledError);
    await expect(handle.result()).rejects.toThrow(TaskCancelledError);
    expect(await queue.get(handle.id)).toMatchObject(cancelled);
    processor.gate.give();
    // Its slot is free, and it was not tried again.
    const next = await Promise.all([queue.add('stubborn'), queue.add('stubborn')]);
    for (const other of next) expect(await other.result()).toBe('done after all');
    expect(await queue.get(handle.id)).toMatchObject(cancelled);
    expect(processor.ran.filter((id) => id === handle.id)).toHaveLength(1);
  });

  it('frees the slot of a handler that does not listen', async () => {
    const { queue, processor } = await working();
    const handles = await queue.addBulk([{ name: 'stubborn' }, { name: 'stubborn' }, { name: 'stubborn' }]);
    await eventually(() => expect(processor.ran).toHaveLength(2));
    const [first] = processor.ran;
    await queue.cancel(first ?? '');
    await eventually(() => expect(processor.ran).toHaveLength(3));
    processor.gate.give();
    const ends = await Promise.allSettled(handles.map((handle) => handle.result()));
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  });

  it('takes one out that waits, is delayed, or waits for its next attempt', async () => {
    const { queue } = await working();
    const [delayed, failing] = await Promise.all([
      queue.add('stubborn', undefined, { delay: '1h' }),
      queue.add('failing'),
    ]);
    await eventually(async () => expect(await queue.get(failing.id)).toMatchObject({ state: 'delayed' }));
    for (const { id } of [delayed, failing]) {
      await queue.cancel(id);
      expect(await queue.get(id)).toMatchObject({ state: 'cancelled' });
    }
  });
});

describe('cancelling from another process', () => {
  it('reaches the running handler, wherever it runs', async () => {
    const options = optionsFor('redis', { shutdownTimeout: 100 });
    const worker = await startApp(appModule(options, ['work'], { providers: [WorkProcessor] }));
    const other = await startApp(appModule({ ...options, workers: 'none' }, ['work']));
    const queue = queueOf<WorkProcessor>(other, 'work');
    const handle = await queue.add('obedient');
    const task = await worker.get(WorkProcessor).begun.given;
    const told = new Promise((resolve) => task.signal.addEventListener('abort', resolve));
    await queue.cancel(handle.id);
    await told;
    await expect(handle.result()).rejects.toThrow(TaskCancelledError);
  });
});
