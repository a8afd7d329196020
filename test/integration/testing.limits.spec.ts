import 'nestjs-depot/testing/jest';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  Batch,
  DepotModule,
  InjectQueue,
  OnTask,
  Payload,
  Processor,
  Queue,
  RetryTask,
  Task,
  TaskEvent,
  type QueueOptions,
} from 'nestjs-depot';
import { DepotTesting, type DepotTestingOptions } from 'nestjs-depot/testing';
import { eventually } from '../support/eventually.js';

const START = Date.UTC(2031, 4, 1);

@Processor('work')
class WorkProcessor {
  readonly lines: string[] = [];

  constructor(@InjectQueue('work') private readonly work: Queue) {}

  @Task()
  async again(@Payload() n: number): Promise<void> {
    await this.work.add('step', n, { id: 'one' });
  }

  @Task()
  async step(@Payload() n: number): Promise<number> {
    this.lines.push(`step ${n}`);
    return n;
  }

  @Task({ batch: { size: 10, wait: '1h' } })
  async many(@Payload() all: Batch<number>): Promise<void> {
    this.lines.push(`many ${all.join(' ')}`);
  }

  @Task()
  async other(): Promise<void> {
    this.lines.push('other');
  }

  @Task()
  async today(): Promise<number> {
    return Date.now();
  }

  @OnTask('completed')
  async told(event: TaskEvent): Promise<void> {
    if (event.name === 'step') this.lines.push(`told of ${String(event.payload)}`);
  }

  @OnTask('parked', { attempts: 2, backoff: '1h' })
  async missed(event: TaskEvent): Promise<void> {
    this.lines.push(`missed ${event.name}`);
    if (this.lines.length === 1) throw new RetryTask('1h');
  }
}

let depot: DepotTesting;

async function start(
  queue: Omit<QueueOptions, 'name'> = {},
  options: Partial<DepotTestingOptions> = {},
): Promise<DepotTesting> {
  depot = await DepotTesting.create({
    imports: [DepotModule.forRoot({ logger: false }), DepotModule.registerQueue({ name: 'work', ...queue })],
    providers: [WorkProcessor],
    startAt: START,
    ...options,
  });
  return depot;
}

afterEach(() => depot.close());

const lines = (): readonly string[] => depot.get(WorkProcessor).lines;
const steps = (): readonly string[] => lines().filter((line) => line.startsWith('step'));

describe('the test kit', () => {
  it('runs handlers of events', async () => {
    await start();
    await depot.queue('work').add('step', 1);
    await depot.queue('work').add('step', 2, { delay: '1h' });
    await depot.drain();
    expect(lines()).toEqual(['step 1', 'told of 1']);
    await depot.advance('1h');
    expect(lines()).toEqual(['step 1', 'told of 1', 'step 2', 'told of 2']);
  });

  it('runs handlers of events by itself with workers that are not told to', async () => {
    await start({}, { workers: 'auto' });
    const step = await depot.queue('work').add('step', 1);
    await step.result();
    await eventually(() => expect(lines()).toEqual(['step 1', 'told of 1']));
  });

  it('takes parked tasks for nothing that is due, and tries handlers of events again', async () => {
    await start();
    await depot.queue('work').add('renamed');
    await depot.drain();
    expect(lines()).toEqual(['missed renamed']);
    await depot.advance('1h');
    expect(lines()).toEqual(['missed renamed', 'missed renamed']);
    await expect(depot.queue('work').counts()).resolves.toMatchObject({ parked: 1 });
  });

  it('leaves a paused queue alone, and says so', async () => {
    await start();
    const { id } = await depot.queue('work').add('step', 1);
    await depot.queue('work').pause();
    const before = performance.now();
    await expect(depot.drain()).rejects.toThrow(
      `What is due can not run:\n  queue 'work': 'step' (${id}) waits because the queue is paused`,
    );
    expect(performance.now() - before).toBeLessThan(2_000);
    await depot.advance('1d');
    expect(depot.queue('work')).toHaveEnqueued('step', 1);
    await depot.queue('work').resume();
    expect(lines()).toEqual([]);
    await depot.drain();
    expect(steps()).toEqual(['step 1']);
  });

  it('leaves tasks of a paused name alone, and says so', async () => {
    await start();
    await depot.queue('work').pause('other');
    await depot.queue('work').add('renamed');
    await depot.queue('work').add('other');
    await depot.queue('work').add('step', 1);
    const drained = depot.drain();
    await expect(drained).rejects.toThrow(/'other' \(.{14}\) waits because tasks of the name are paused/);
    await expect(drained).rejects.toThrow(/'renamed' \(.{14}\) is parked/);
    expect(steps()).toEqual(['step 1']);
  });

  it('follows a rate with the clock, and says what waits for it', async () => {
    await start({ rateLimit: { max: 2, per: '1m' } });
    await depot.queue('work').addBulk([1, 2, 3, 4, 5].map((payload) => ({ name: 'step', payload })));
    await expect(depot.drain()).rejects.toThrow(/'step' .* wait because of a limit/);
    expect(steps()).toHaveLength(2);
    await depot.advance('29s');
    expect(steps()).toHaveLength(2);
    await depot.advance('1s');
    expect(steps()).toHaveLength(3);
    await depot.advance('1m');
    expect(steps()).toHaveLength(5);
    expect(depot.completed('work').map(({ startedAt }) => Number(startedAt) - START)).toEqual([
      0, 0, 30_000, 60_000, 90_000,
    ]);
  });

  it('drains batches, which have nobody to wait for, and has the clock close others', async () => {
    await start();
    const work = depot.queue('work');
    await work.addBulk([1, 2, 3].map((payload) => ({ name: 'many', payload })));
    await depot.drain();
    expect(lines()).toEqual(['many 1 2 3']);
    expect(depot.now()).toBe(START);
    await work.add('many', 4);
    await work.add('many', 5, { delay: '30m' });
    await work.add('many', 6, { delay: '61m' });
    await depot.advance('59m');
    expect(lines()).toHaveLength(1);
    await depot.advance('1m');
    expect(lines()).toEqual(['many 1 2 3', 'many 4 5']);
    await depot.advance('2h');
    expect(lines()).toEqual(['many 1 2 3', 'many 4 5', 'many 6']);
  });

  it('follows unique tasks, expiry and cancels', async () => {
    await start();
    const work = depot.queue('work');
    const latest = { unique: { key: 'k', mode: 'debounce', ttl: '10m' } } as const;
    await work.add('step', 1, latest);
    await depot.advance('9m');
    await work.add('step', 2, latest);
    await depot.advance('9m');
    expect(work).toHaveEnqueued('step', 2, { times: 1 });
    expect(work).not.toHaveEnqueued('step', 1);
    await depot.advance('1m');
    expect(steps()).toEqual(['step 2']);
    await work.pause();
    await work.add('step', 3, { expiresIn: '5m' });
    const { id } = await work.add('step', 4);
    await work.cancel(id);
    expect(depot.enqueued('work').map(({ payload }) => payload)).toEqual([3]);
    await depot.advance('5m');
    expect(depot.enqueued('work')).toEqual([]);
    await work.resume();
    await depot.drain();
    expect(steps()).toEqual(['step 2']);
  });

  it('finds tasks by priority and group', async () => {
    await start();
    const work = depot.queue('work');
    await work.add('step', 1, { priority: 2, group: 'a' });
    await work.add('step', 2, { priority: 9 });
    expect(work).toHaveEnqueued('step', 1, { priority: 2, group: 'a' });
    expect(work).not.toHaveEnqueued('step', 2, { priority: 2 });
    expect(work).not.toHaveEnqueued('step', 2, { group: 'a' });
    expect(depot.enqueued('work').map(({ payload }) => payload)).toEqual([2, 1]);
  });

  it('remembers what the queue does not keep, and forgets what is removed', async () => {
    await start({ keep: { completed: { count: 1 } } });
    const work = depot.queue('work');
    await work.add('step', 1, { id: 'one' });
    await work.add('step', 2);
    await work.add('step', 3);
    await depot.drain();
    await expect(work.list('completed')).resolves.toHaveLength(1);
    expect(depot.completed('work').map(({ payload, result }) => [payload, result])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    await work.add('step', 4, { id: 'one' });
    expect(work).toHaveEnqueued('step', 4, { id: 'one' });
    await depot.drain();
    expect(depot.completed('work')).toHaveLength(4);
    await work.remove('one');
    expect(depot.completed('work').map(({ payload }) => payload)).toEqual([1, 2, 3]);
    await work.obliterate();
    expect(depot.completed('work')).toEqual([]);
  });

  it('remembers a task whose id another one has taken meanwhile', async () => {
    await start({ keep: { completed: { count: 2 } } });
    const work = depot.queue('work');
    await work.add('step', 1, { id: 'one' });
    await work.add('other', undefined, { delay: '30s' });
    await work.add('other', undefined, { delay: '30s' });
    await work.add('again', 2, { delay: '1m' });
    await depot.advance('1h');
    expect(work).toHaveCompleted('step', 1, { id: 'one' });
    expect(work).toHaveCompleted('step', 2, { id: 'one' });
  });

  it('remembers what the queue keeps nothing of', async () => {
    await start({ keep: { completed: { count: 0 } } });
    await depot.queue('work').add('step', 7);
    await depot.drain();
    await expect(depot.queue('work').counts()).resolves.toMatchObject({ completed: 0 });
    expect(depot.queue('work')).toHaveCompleted('step', 7, { result: 7, attempt: 1 });
    expect(depot.completed('work')[0]?.finishedAt).toEqual(new Date(START));
  });

  it('goes with a faked date', async () => {
    await start();
    jest.useFakeTimers({
      now: depot.now(),
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'queueMicrotask', 'performance'],
    });
    try {
      await depot.queue('work').add('today');
      await depot.drain();
      expect(depot.queue('work')).toHaveCompleted('today', undefined, { result: START });
    } finally {
      jest.useRealTimers();
    }
  });
});
