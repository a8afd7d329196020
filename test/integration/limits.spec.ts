import { describe, expect, it } from '@jest/globals';
import { DepotModule, Processor, QueueFullError, Task, type QueueOptions } from 'nestjs-depot';
import { appModule, closeApp, ENGINES, optionsFor, queueOf, signal, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { startQueue } from '../support/queue-app.js';
import { RecordingLogger } from '../support/recording-logger.js';

@Processor('work', { concurrency: 10 })
class WorkProcessor {
  readonly begun: string[] = [];
  running = 0;
  most = 0;
  hold = signal();

  @Task()
  async run(name: string): Promise<void> {
    this.begun.push(name);
    this.most = Math.max(this.most, ++this.running);
    await new Promise((resolve) => setImmediate(resolve));
    this.running--;
  }

  @Task()
  async held(name: string): Promise<void> {
    this.begun.push(name);
    await this.hold.given;
  }
}

const bulk = (name: string, count: number, options = {}) =>
  Array.from({ length: count }, (_, i) => ({ name, payload: String(i), options }));

describe.each(ENGINES)('a queue on the %s engine', (engine) => {
  const start = async (queueOptions: Omit<QueueOptions, 'name'>) => {
    const started = await startQueue(engine, { providers: [WorkProcessor], queue: queueOptions });
    return { ...started, worker: started.app.get(WorkProcessor) };
  };

  it('runs no more at a time than globalConcurrency', async () => {
    const { queue, worker } = await start({ globalConcurrency: 2 });
    const tasks = await queue.addBulk(bulk('run', 12));
    await Promise.all(tasks.map((task) => task.result()));
    expect(worker.most).toBe(2);
  });

  it('begins no more in a time than rateLimit', async () => {
    const { queue, worker } = await start({ rateLimit: { max: 3, per: '1h' } });
    await queue.addBulk(bulk('run', 5));
    await eventually(() => expect(worker.begun).toHaveLength(3));
    expect(await queue.counts()).toMatchObject({ waiting: 2 });
  });

  it('runs no more of a group at a time than group.concurrency, and others meanwhile', async () => {
    const { queue, worker } = await start({ group: { concurrency: 1 } });
    await queue.addBulk(bulk('held', 3, { group: 'a' }));
    await queue.add('held', 'b', { group: 'b' });
    await eventually(() => expect(worker.begun.toSorted()).toEqual(['0', 'b']));
    worker.hold.give();
    await eventually(() => expect(worker.begun).toHaveLength(4));
  });

  it('begins no more of a group in a time than group.rateLimit', async () => {
    const { queue, worker } = await start({ group: { rateLimit: { max: 1, per: '1h' } } });
    await queue.addBulk(bulk('run', 3, { group: 'a' }));
    await queue.add('run', 'b', { group: 'b' });
    await eventually(() => expect(worker.begun.toSorted()).toEqual(['0', 'b']));
    expect(await queue.counts()).toMatchObject({ waiting: 2 });
  });

  it('serves priorities by weight, so that low ones do not starve', async () => {
    const { queue, worker } = await start({
      globalConcurrency: 1,
      priority: { weights: { 0: 1, 9: 3 } },
    });
    await queue.pause();
    for (const priority of [0, 9])
      await queue.addBulk(
        Array.from({ length: 12 }, () => ({
          name: 'run',
          payload: String(priority),
          options: { priority },
        })),
      );
    await queue.resume();
    await eventually(() => expect(worker.begun).toHaveLength(24));
    expect(worker.begun.slice(0, 8).filter((priority) => priority === '9')).toHaveLength(6);
  });

  it('refuses what does not fit, and takes it when something has begun', async () => {
    const { queue } = await start({ backpressure: { max: 2 } });
    await queue.pause();
    const full = await queue.addBulk(bulk('run', 3)).catch((error: unknown) => error);
    expect(full).toBeInstanceOf(QueueFullError);
    expect(full).toMatchObject({ added: [{ created: true }, { created: true }], refused: [2], max: 2 });
    await expect(queue.add('run', 'x', { delay: '1h' })).rejects.toMatchObject({ code: 'DEPOT_QUEUE_FULL' });
    expect(await queue.counts()).toMatchObject({ waiting: 2 });
    await queue.resume();
    await eventually(async () => expect((await queue.add('run', 'y')).created).toBe(true));
  });

  it('refuses what is too much for its group alone', async () => {
    const { queue } = await start({ group: { backpressure: { max: 1 } } });
    await queue.pause();
    await queue.add('run', '1', { group: 'a' });
    await expect(queue.add('run', '2', { group: 'a' })).rejects.toThrow(QueueFullError);
    await queue.add('run', '3', { group: 'b' });
    await queue.addBulk(bulk('run', 3));
    expect(await queue.counts()).toMatchObject({ waiting: 5 });
  });

  it('lets adds wait until it fits, in their order', async () => {
    const { queue, worker } = await start({
      globalConcurrency: 1,
      backpressure: { max: 1, policy: 'wait', timeout: '1m' },
    });
    const adds = Array.from({ length: 5 }, (_, i) => queue.add('run', String(i)));
    const tasks = await Promise.all(adds);
    await Promise.all(tasks.map((task) => task.result()));
    expect(worker.begun).toEqual(['0', '1', '2', '3', '4']);
  });

  it('lets an add wait no longer than its timeout', async () => {
    const { queue } = await start({ backpressure: { max: 1, policy: 'wait', timeout: 20 } });
    await queue.pause();
    await queue.add('run', '1');
    await expect(queue.add('run', '2')).rejects.toThrow(QueueFullError);
    expect(await queue.counts()).toMatchObject({ waiting: 1 });
  });

  it('ends what waits for room when the application closes', async () => {
    const { app, queue } = await start({ backpressure: { max: 1, policy: 'wait', timeout: '1h' } });
    await queue.pause();
    await queue.add('run', '1');
    const waiting = expect(queue.add('run', '2')).rejects.toMatchObject({ code: 'DEPOT_ENGINE_UNAVAILABLE' });
    await eventually(async () => expect(await queue.counts()).toMatchObject({ waiting: 1 }));
    await closeApp(app);
    await waiting;
  });

  it('keeps as many ended tasks of each kind, and as much of them, as is said', async () => {
    const { queue } = await start({
      keep: { completed: { count: 2 }, cancelled: { count: 1 }, expired: { count: 0 } },
    });
    await Promise.all((await queue.addBulk(bulk('run', 4))).map((task) => task.result()));
    await queue.pause();
    const toCancel = await queue.addBulk(bulk('run', 3));
    await queue.bulk(
      'cancel',
      toCancel.map(({ id }) => id),
    );
    const expired = await queue.add('run', 'x', { expiresIn: 1 });
    await expired.result().catch(() => undefined);
    expect(await queue.counts()).toMatchObject({ completed: 2, cancelled: 1, expired: 0 });
  });

  it('keeps no more bytes of ended tasks than is said', async () => {
    const { queue } = await start({ keep: { completed: { bytes: 1_500 } } });
    const payload = 'x'.repeat(400);
    for (let i = 0; i < 5; i++) await (await queue.add('run', payload)).result();
    expect((await queue.counts()).completed).toBe(2);
  });
});

describe('limits that all processes share', () => {
  const process = async (namespace: string, limits: Omit<QueueOptions, 'name'>, workers: 'all' | 'none') => {
    const logger = new RecordingLogger();
    const options = { ...optionsFor('redis', { namespace, workers }), logger };
    const imports = [DepotModule.registerQueue({ name: 'work', ...limits })];
    const app = await startApp(appModule(options, [], { imports, providers: [WorkProcessor] }));
    return { queue: queueOf(app, 'work'), worker: app.get(WorkProcessor), logger };
  };
  const namespaceOf = () => optionsFor('redis').namespace ?? '';

  it('hold for a process that says nothing of them and merely adds', async () => {
    const namespace = namespaceOf();
    const first = await process(namespace, { backpressure: { max: 1 } }, 'all');
    await first.queue.pause();
    await first.queue.add('run', 1);
    const producer = await process(namespace, {}, 'none');
    await expect(producer.queue.add('run', 2)).rejects.toMatchObject({ max: undefined });
    expect([...first.logger.warnings, ...producer.logger.warnings]).toEqual([]);
  });

  it('are those of the newest to start, which says what it has replaced', async () => {
    const namespace = namespaceOf();
    const old = await process(namespace, { globalConcurrency: 5 }, 'all');
    await old.queue.counts();
    const other = await process(namespace, { globalConcurrency: 2 }, 'all');
    await other.queue.counts();
    await eventually(() =>
      expect(other.logger.warnings).toEqual([
        'Queue \'work\': its stored limits were {"concurrency":5}; from now on they are {"concurrency":2}, in all processes',
      ]),
    );
    await (await process(namespace, { globalConcurrency: 2 }, 'all')).queue.counts();
    expect(old.logger.warnings).toEqual([]);
    const none = await process(namespace, {}, 'all');
    await none.queue.counts();
    await eventually(() => expect(none.logger.warnings).toEqual([expect.stringContaining('they are {}')]));
  });
});
