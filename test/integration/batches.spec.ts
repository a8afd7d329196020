import { describe, expect, it } from '@jest/globals';
import {
  Batch,
  BatchContext,
  BatchResult,
  Ctx,
  Payload,
  Processor,
  Task,
  TaskFailedError,
  type TaskContext,
} from 'nestjs-depot';
import { appModule, closeApp, ENGINES, optionsFor, queueOf, signal, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

interface Doc {
  readonly text: string;
}

@Processor('search', { concurrency: 2 })
class SearchProcessor {
  readonly calls: string[][] = [];
  readonly attempts: number[][] = [];
  running = 0;
  most = 0;
  readonly gate = signal();
  readonly begun = signal<BatchContext<Doc>>();

  /** Full or after 20 ms. */
  @Task({ batch: { size: 10, wait: 20 } })
  async index(@Payload() docs: Batch<Doc>): Promise<number[]> {
    this.calls.push(docs.map(({ text }) => text));
    this.most = Math.max(this.most, ++this.running);
    await Promise.resolve();
    this.running--;
    return docs.map(({ text }) => text.length);
  }

  /** Even ones fail at first, and odd ones never. */
  @Task({ batch: { size: 6, wait: 20 }, attempts: 2, backoff: 1 })
  async flaky(
    @Ctx() batch: BatchContext<number>,
    @Payload() numbers: Batch<number>,
  ): Promise<BatchResult<number>> {
    this.attempts.push(batch.items.map(({ attempt }) => attempt));
    const result = new BatchResult<number>();
    batch.items.forEach((item, i) => {
      if (item.payload % 2 === 0 && item.attempt === 1)
        result.fail(item, new Error(`${item.payload} is even`));
      else result.complete(i, (numbers[i] ?? 0) * 10);
    });
    return result;
  }

  @Task({ batch: { size: 3, wait: 20 } })
  async held(docs: Batch<Doc>, batch: BatchContext<Doc>): Promise<string> {
    this.begun.give(batch);
    await this.gate.given;
    return `${docs.length} done`;
  }

  @Task()
  async plain(payload: string, _task: TaskContext): Promise<string> {
    return payload;
  }
}

const bulk = <N extends string, P>(name: N, payloads: readonly P[]) =>
  payloads.map((payload) => ({ name, payload }));

describe.each(ENGINES)('batches on the %s engine', (engine) => {
  async function searching() {
    const app = await startApp(
      appModule(optionsFor(engine, { shutdownTimeout: '2s' }), ['search'], { providers: [SearchProcessor] }),
    );
    return { app, queue: queueOf<SearchProcessor>(app, 'search'), processor: app.get(SearchProcessor) };
  }

  it('get up to their size in a call, and each task its own result', async () => {
    const { queue, processor } = await searching();
    const texts = Array.from({ length: 35 }, (_, i) => 'x'.repeat(i));
    const handles = await queue.addBulk(
      bulk(
        'index',
        texts.map((text) => ({ text })),
      ),
    );
    expect(await Promise.all(handles.map((handle) => handle.result()))).toEqual(texts.map((_, i) => i));
    expect(processor.calls.flat().sort()).toEqual([...texts].sort());
    expect(processor.calls.length).toBeLessThanOrEqual(5);
    expect(Math.max(...processor.calls.map((call) => call.length))).toBe(10);
  });

  it('begin with fewer when no more come', async () => {
    const { queue, processor } = await searching();
    const handle = await queue.add('index', { text: 'alone' });
    expect(await handle.result()).toBe(5);
    expect(processor.calls).toEqual([['alone']]);
  });

  it('leave room for tasks of other names', async () => {
    const { queue, processor } = await searching();
    const held = await queue.addBulk(bulk('held', [{ text: 'a' }, { text: 'b' }, { text: 'c' }]));
    await processor.begun.given;
    for (let i = 0; i < 5; i++) expect(await (await queue.add('plain', `p${i}`)).result()).toBe(`p${i}`);
    expect(await (await queue.add('index', { text: 'xx' })).result()).toBe(2);
    processor.gate.give();
    for (const handle of held) expect(await handle.result()).toBe('3 done');
  });

  it('try again only what failed', async () => {
    const { queue, processor } = await searching();
    const handles = await queue.addBulk(bulk('flaky', [1, 2, 3, 4, 5, 6]));
    expect(await Promise.all(handles.map((handle) => handle.result()))).toEqual([10, 20, 30, 40, 50, 60]);
    expect(processor.attempts.flat().filter((attempt) => attempt === 1)).toHaveLength(6);
    expect(processor.attempts.flat().filter((attempt) => attempt === 2)).toHaveLength(3);
  });

  it('go on without a task that is cancelled', async () => {
    const { queue, processor } = await searching();
    const [a, b, c] = await queue.addBulk(bulk('held', [{ text: 'a' }, { text: 'b' }, { text: 'c' }]));
    const batch = await processor.begun.given;
    const item = batch.items.find(({ id }) => id === b!.id);
    const told = new Promise((resolve) => item!.signal.addEventListener('abort', resolve, { once: true }));
    await queue.cancel(b!.id);
    await told;
    await eventually(async () => expect(await queue.get(b!.id)).toMatchObject({ state: 'cancelled' }));
    expect(batch.signal.aborted).toBe(false);
    processor.gate.give();
    expect(await a!.result()).toBe('3 done');
    expect(await c!.result()).toBe('3 done');
    await expect(b!.result()).rejects.not.toThrow(TaskFailedError);
    expect(await queue.get(b!.id)).toMatchObject({ state: 'cancelled' });
  });

  it('are drained when the application closes, and what was only gathered is left in the queue', async () => {
    const options = optionsFor(engine);
    if (engine === 'embedded') return;
    const app = await startApp(appModule(options, ['search'], { providers: [SearchProcessor] }));
    const producer = await startApp(appModule({ ...options, workers: 'none' }, ['search']));
    const queue = queueOf<SearchProcessor>(producer, 'search');
    const processor = app.get(SearchProcessor);
    const held = await queue.addBulk(bulk('held', [{ text: 'a' }, { text: 'b' }, { text: 'c' }]));
    await processor.begun.given;
    const [gathered] = await queue.addBulk(bulk('held', [{ text: 'd' }]));
    await eventually(async () => expect(await queue.get(gathered!.id)).toMatchObject({ state: 'active' }));
    const closing = closeApp(app);
    await eventually(async () => expect(await queue.get(gathered!.id)).toMatchObject({ state: 'waiting' }));
    processor.gate.give();
    await closing;
    for (const handle of held) expect(await handle.result()).toBe('3 done');
    expect(await queue.counts()).toMatchObject({ waiting: 1, active: 0, completed: 3 });
  });
});
