import { describe, expect, it } from '@jest/globals';
import { Ctx, Processor, Task, TaskContext, TaskDeadlineError, TaskTimeoutError } from 'nestjs-depot';
import { appModule, ENGINES, optionsFor, queueOf, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

@Processor('work')
class WorkProcessor {
  readonly reasons: unknown[] = [];
  running = 0;
  most = 0;

  @Task({ deadline: 1_000 })
  async hang(@Ctx() task: TaskContext): Promise<never> {
    return this.never(task);
  }

  @Task({ timeout: 30 })
  async slow(@Ctx() task: TaskContext): Promise<never> {
    return this.never(task);
  }

  @Task({ attempts: 100, backoff: '1h', deadline: '1m' })
  async failing(): Promise<void> {
    throw new Error('the mail server is away');
  }

  @Task({ concurrency: 2 })
  async few(): Promise<void> {
    this.most = Math.max(this.most, ++this.running);
    await new Promise((resolve) => setImmediate(resolve));
    this.running--;
  }

  private never({ signal }: TaskContext): Promise<never> {
    signal.addEventListener('abort', () => this.reasons.push(signal.reason));
    return new Promise(() => undefined);
  }
}

describe.each(ENGINES)('the time of a task on the %s engine', (engine) => {
  async function working() {
    const app = await startApp(
      appModule(optionsFor(engine, { shutdownTimeout: 100 }), ['work'], { providers: [WorkProcessor] }),
    );
    return { queue: queueOf<WorkProcessor>(app, 'work'), processor: app.get(WorkProcessor) };
  }

  it.each([
    ['hang', 'DEPOT_TASK_DEADLINE', TaskDeadlineError],
    ['slow', 'DEPOT_TASK_TIMEOUT', TaskTimeoutError],
  ] as const)('says of one that did %s which bound it was', async (name, code, reason) => {
    const { queue, processor } = await working();
    const handle = await queue.add(name);
    await expect(handle.result()).rejects.toMatchObject({ failure: { code } });
    expect(await queue.get(handle.id)).toMatchObject({ state: 'dead', error: { code } });
    expect(processor.reasons).toEqual([expect.any(reason)]);
  });

  it('is over before an attempt that would come after its deadline', async () => {
    const { queue } = await working();
    const { id } = await queue.add('failing');
    await eventually(async () => expect(await queue.get(id)).toMatchObject({ state: 'dead' }));
    const { error } = (await queue.get(id)) ?? {};
    expect(error).toMatchObject({ code: 'DEPOT_TASK_DEADLINE' });
    expect(error?.message).toContain('the mail server is away');
  });

  it('is shared by as many of one name as its handler allows', async () => {
    const { queue, processor } = await working();
    const handles = await queue.addBulk(Array.from({ length: 30 }, () => ({ name: 'few' as const })));
    await Promise.all(handles.map((handle) => handle.result()));
    expect(processor.most).toBe(2);
  });
});
