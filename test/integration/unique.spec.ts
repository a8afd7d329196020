import { describe, expect, it } from '@jest/globals';
import { Processor, Task, TaskCancelledError, type Queue } from 'nestjs-depot';
import { ENGINES, signal } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { startQueue } from '../support/queue-app.js';

interface Report {
  readonly user: number;
  readonly text: string;
}

@Processor('work')
class WorkProcessor {
  readonly runs: string[] = [];
  readonly begun = signal();
  readonly hold = signal();

  @Task()
  async report({ text }: Report): Promise<string> {
    this.runs.push(text);
    return text;
  }

  @Task()
  async slow({ text }: Report): Promise<string> {
    this.runs.push(text);
    this.begun.give();
    await this.hold.given;
    return text;
  }
}

describe.each(ENGINES)('a task with a unique key on the %s engine', (engine) => {
  const start = async () => {
    const { app, queue } = await startQueue<WorkProcessor>(engine, { providers: [WorkProcessor] });
    return { queue, worker: app.get(WorkProcessor) };
  };

  /** A queue in which nothing begins until `resume`. */
  const paused = async () => {
    const started = await start();
    await started.queue.pause();
    return started;
  };

  const of = (text: string): Report => ({ user: 7, text });

  it('is not added while another one has the key, and has the result of that', async () => {
    const { queue, worker } = await paused();
    const key = ({ user }: Report) => `user:${user}`;
    const first = await queue.add('report', of('first'), { unique: { key } });
    const second = await queue.add('report', of('second'), { unique: { key } });
    const other = await queue.add('report', { user: 8, text: 'other' }, { unique: { key } });
    expect(first).toMatchObject({ created: true, replaced: undefined });
    expect(second).toMatchObject({ id: first.id, created: false, replaced: undefined });
    expect(other.created).toBe(true);
    await queue.resume();
    expect(await second.result()).toBe('first');
    expect(await other.result()).toBe('other');
    expect((await queue.add('report', of('third'), { unique: { key } })).created).toBe(true);
    await eventually(() => expect(worker.runs).toEqual(['first', 'other', 'third']));
  });

  it('takes the place of another one, which is cancelled and says for whom', async () => {
    const { queue, worker } = await paused();
    const unique = { key: 'k', mode: 'replace' } as const;
    const first = await queue.add('report', of('first'), { unique });
    const second = await queue.add('report', of('second'), { unique });
    expect(second).toMatchObject({ created: true, replaced: first.id });
    await expect(first.result()).rejects.toMatchObject({
      constructor: TaskCancelledError,
      code: 'DEPOT_TASK_CANCELLED',
      replacedBy: second.id,
    });
    expect(await queue.get(first.id)).toMatchObject({
      state: 'cancelled',
      uniqueKey: 'k',
      error: { code: 'DEPOT_TASK_CANCELLED', message: expect.stringContaining(second.id) },
      finishedAt: expect.any(Date),
    });
    await queue.resume();
    await second.result();
    expect(worker.runs).toEqual(['second']);
  });

  it('runs once for many that are added in a short time, with the last payload', async () => {
    const { queue, worker } = await start();
    const unique = { key: 'k', mode: 'debounce', ttl: 50, maxWait: '1m' } as const;
    const added = [];
    for (const text of ['a', 'b', 'c']) added.push(await queue.add('report', of(text), { unique }));
    expect(added.map(({ replaced }) => replaced)).toEqual([undefined, added[0]?.id, added[1]?.id]);
    expect(await added[2]?.result()).toBe('c');
    expect(worker.runs).toEqual(['c']);
  });

  it('is added once in a time, though the first has ended', async () => {
    const { queue, worker } = await start();
    const unique = { key: 'k', mode: 'throttle', ttl: '1h' } as const;
    const first = await queue.add('report', of('first'), { unique });
    await first.result();
    expect(await queue.add('report', of('second'), { unique })).toMatchObject({
      id: first.id,
      created: false,
    });
    expect(worker.runs).toEqual(['first']);
  });

  it('that comes while one runs is the last to run, and none before it is', async () => {
    const { queue, worker } = await start();
    const unique = { key: 'k', mode: 'keepLast' } as const;
    await queue.add('slow', of('running'), { unique });
    await worker.begun.given;
    const between = await queue.add('report', of('between'), { unique });
    const last = await queue.add('report', of('last'), { unique });
    expect(last).toMatchObject({ created: true, replaced: between.id });
    expect(await queue.list('blocked')).toMatchObject([{ id: last.id, state: 'blocked' }]);
    worker.hold.give();
    expect(await last.result()).toBe('last');
    expect(worker.runs).toEqual(['running', 'last']);
  });

  it('is told of in a bulk as in single adds', async () => {
    const { queue } = await paused();
    const unique = { key: 'k', mode: 'replace' } as const;
    const untyped: Queue = queue as unknown as Queue;
    const [first, second] = await untyped.addBulk([
      { name: 'report', payload: of('a'), options: { unique } },
      { name: 'report', payload: of('b'), options: { unique } },
    ]);
    expect(second).toMatchObject({ created: true, replaced: first?.id });
  });
});
