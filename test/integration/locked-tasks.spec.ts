import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Batch,
  Ctx,
  HeldLock,
  Locked,
  LockService,
  OnTask,
  Payload,
  Processor,
  Task,
  TaskContext,
  TaskEvent,
  type Lock,
} from 'nestjs-depot';
import { ENGINES, signal } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { startQueue } from '../support/queue-app.js';

interface Order {
  readonly id: number;
}

@Injectable()
class Warehouse {
  packed = 0;

  @Locked({ key: 'warehouse', onConflict: 'defer', delay: '20ms' })
  async pack(): Promise<number> {
    return Promise.resolve(++this.packed);
  }
}

@Processor('work', { concurrency: 5 })
class Orders {
  readonly attempts: number[] = [];
  readonly gate = signal();
  readonly begun = signal();

  constructor(private readonly warehouse: Warehouse) {}

  @Task({ attempts: 1 })
  @Locked({ key: ({ id }) => `order:${id}`, onConflict: 'defer', delay: '20ms' })
  async ship({ id }: Order, task: TaskContext, @HeldLock() lock?: Lock): Promise<string> {
    this.attempts.push(task.attempt);
    return Promise.resolve(`${id} under ${lock?.key}`);
  }

  @Locked({ key: (_task, { id }) => `order:${id}`, onConflict: 'defer', delay: '20ms' })
  @Task({ attempts: 1 })
  async decorated(
    @Ctx() task: TaskContext,
    @Payload() { id }: Order,
    @HeldLock() lock?: Lock,
  ): Promise<string> {
    return Promise.resolve(`${id} as ${task.name} under ${lock?.key}`);
  }

  @Task()
  @Locked({ key: 'order' })
  async first(@HeldLock() lock: Lock | undefined, { id }: Order, task: TaskContext): Promise<string> {
    return Promise.resolve(`${id} as ${task.name} under ${lock?.key}`);
  }

  @Task({ attempts: 1 })
  async throughService(): Promise<number> {
    return this.warehouse.pack();
  }

  @Task({ attempts: 1 })
  @Locked({ key: ({ id }) => `order:${id}`, onConflict: 'throw' })
  async shipOrFail(_order: Order): Promise<void> {}

  @Task({ attempts: 1, batch: { size: 3, wait: '10ms' } })
  @Locked({ key: 'order:7', onConflict: 'defer', delay: '20ms' })
  async all(orders: Batch<Order>): Promise<number[]> {
    return Promise.resolve(orders.map(({ id }) => id));
  }

  @Task({ deadline: '100ms' })
  @Locked({ key: ({ id }) => `order:${id}`, onConflict: 'defer', delay: '40ms' })
  async urgent(_order: Order): Promise<void> {}
}

@Processor('work')
class Bell {
  rung = 0;

  @Task()
  async ring(): Promise<void> {}

  @OnTask('completed')
  @Locked({ key: 'bell', onConflict: 'defer', delay: '20ms' })
  async rang(_event: TaskEvent): Promise<void> {
    this.rung++;
    return Promise.resolve();
  }
}

describe.each(ENGINES)('a task whose handler is @Locked, on the %s engine', (engine) => {
  const start = async () => {
    const started = await startQueue(engine, { providers: [Orders, Warehouse] });
    return { ...started, locks: started.app.get(LockService) };
  };

  it('is deferred while somebody else has the lock, and that is no attempt', async () => {
    const { queue, locks, app, logger } = await start();
    const lock = await locks.acquire('order:1');
    const handle = await queue.add('ship', { id: 1 });
    await eventually(async () =>
      expect(await queue.get(handle.id)).toMatchObject({ state: 'delayed', attempt: 0 }),
    );
    const { error } = (await queue.get(handle.id)) ?? {};
    expect(error).toMatchObject({ name: 'LockConflictError', code: 'DEPOT_LOCK_CONFLICT' });
    await lock.release();

    expect(await handle.result()).toBe('1 under order:1');
    expect(app.get(Orders).attempts).toEqual([1]);
    expect([...logger.warnings, ...logger.errors]).toEqual([]);
  });

  it.each(['throughService', 'decorated'])(
    'is so through a service, and with parameters: %s',
    async (name) => {
      const { queue, locks } = await start();
      const lock = await locks.acquire(name === 'decorated' ? 'order:1' : 'warehouse');
      const handle = await queue.add(name, { id: 1 });
      await eventually(async () => expect(await queue.get(handle.id)).toMatchObject({ state: 'delayed' }));
      await lock.release();

      expect(await handle.result()).toBe(name === 'decorated' ? '1 as decorated under order:1' : 1);
    },
  );

  it('has its payload beside a lock that stands first', async () => {
    const { queue } = await start();

    expect(await (await queue.add('first', { id: 3 })).result()).toBe('3 as first under order');
  });

  it('has failed when the conflict throws', async () => {
    const { queue, locks } = await start();
    await locks.acquire('order:1');
    const handle = await queue.add('shipOrFail', { id: 1 });

    await expect(handle.result()).rejects.toThrow(/LockConflictError: Lock "order:1" is taken/);
  });

  it('is deferred with all of its batch', async () => {
    const { queue, locks } = await start();
    const lock = await locks.acquire('order:7');
    const handles = await queue.addBulk([1, 2, 3].map((id) => ({ name: 'all', payload: { id } })));
    for (const handle of handles) {
      await eventually(async () =>
        expect(await queue.get(handle.id)).toMatchObject({ state: 'delayed', attempt: 0 }),
      );
    }
    await lock.release();

    expect(await Promise.all(handles.map((handle) => handle.result()))).toEqual([1, 2, 3]);
  });

  it('is dead when its deadline comes first', async () => {
    const { queue, locks } = await start();
    await locks.acquire('order:1');
    const handle = await queue.add('urgent', { id: 1 });

    await expect(handle.result()).rejects.toThrow('is dead: TaskDeadlineError: the deadline of 100 ms');
  });

  it('is one of an event: it is deferred, and nothing is logged', async () => {
    const { queue, app, logger } = await startQueue(engine, { providers: [Bell] });
    const lock = await app.get(LockService).acquire('bell');
    await (await queue.add('ring', undefined)).result();
    await eventually(async () =>
      expect(await app.get(LockService).inspect('bell')).toMatchObject({ waiters: 0 }),
    );
    expect(app.get(Bell).rung).toBe(0);
    await lock.release();
    await eventually(() => expect(app.get(Bell).rung).toBe(1));

    expect([...logger.warnings, ...logger.errors]).toEqual([]);
  });
});
