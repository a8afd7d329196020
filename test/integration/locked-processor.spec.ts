import { describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  Batch,
  DepotConfigError,
  LockService,
  Processor,
  Task,
  TaskContext,
  type ProcessorOptions,
} from 'nestjs-depot';
import { aborted } from '../../lib/common/clock.js';
import { appModule, closeApp, ENGINES, optionsFor, queueOf, signal, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { startQueue } from '../support/queue-app.js';

interface Order {
  readonly id: string | null;
  readonly n?: number;
}

/** Who is at work on which order, of all workers of this process. */
class Ledger {
  readonly ran: string[] = [];
  readonly atWork = new Map<unknown, number>();
  most = 0;
  overlaps = 0;
  readonly attempts = new Set<number>();

  async work({ id, n }: Order, { attempt }: TaskContext): Promise<void> {
    const others = this.atWork.get(id) ?? 0;
    if (others > 0) this.overlaps++;
    this.atWork.set(id, others + 1);
    this.most = Math.max(this.most, [...this.atWork.values()].filter((count) => count > 0).length);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    this.atWork.set(id, (this.atWork.get(id) ?? 1) - 1);
    this.ran.push(`${id}${n}`);
    this.attempts.add(attempt);
  }
}

let ledger = new Ledger();

@Processor('work', {
  concurrency: 10,
  locked: { key: (order: Order) => order.id, ttl: '10s', wait: '2ms', delay: '20ms' },
})
class Orders {
  readonly gate = signal();
  readonly begun = signal();

  @Task()
  async ship(order: Order, task: TaskContext): Promise<string> {
    await ledger.work(order, task);
    return `shipped ${order.id}`;
  }

  @Task()
  async cancel(order: Order, task: TaskContext): Promise<void> {
    await ledger.work(order, task);
  }

  @Task()
  async held(_order: Order): Promise<string> {
    this.begun.give();
    await this.gate.given;
    return 'held';
  }
}

@Processor('work', { locked: { key: (_order: Order, task) => task.name, wait: '5s' } })
class InTurn {
  readonly ran: (number | undefined)[] = [];

  @Task()
  async ship({ n }: Order): Promise<void> {
    this.ran.push(n);
    return Promise.resolve();
  }
}

@Processor('work', { locked: { key: ({ id }: Order) => id, ttl: '200ms' } })
class Brief {
  readonly begun = signal();

  @Task()
  async hold(_order: Order, { signal: aborting }: TaskContext): Promise<string> {
    this.begun.give();
    await aborted(aborting);
    return (aborting.reason as Error).name;
  }
}

const keyOf = (id: string): string => `task:work:${id}`;

describe.each(ENGINES)('@Processor({ locked }) on the %s engine', (engine) => {
  const start = () => {
    ledger = new Ledger();
    return startQueue<Orders>(engine, { providers: [Orders] });
  };

  it('runs tasks of one key one at a time, whatever their name, and others beside them', async () => {
    const { queue, logger } = await start();
    const handles = await queue.addBulk(
      Array.from({ length: 30 }, (_, n) => ({
        name: n % 2 === 0 ? 'ship' : 'cancel',
        payload: { id: 'abc'[n % 3] ?? 'a', n },
      })),
    );
    await Promise.all(handles.map((handle) => handle.result()));

    expect([ledger.ran.length, ledger.overlaps]).toEqual([30, 0]);
    expect(ledger.most).toBeGreaterThan(1);
    expect([...ledger.attempts]).toEqual([1]);
    expect([...logger.warnings, ...logger.errors]).toEqual([]);
  });

  it('runs a task without a key beside any other', async () => {
    const { queue, app } = await start();
    await queue.add('held', { id: null });
    await app.get(Orders).begun.given;

    expect(await (await queue.add('ship', { id: null })).result()).toBe('shipped null');
    app.get(Orders).gate.give();
  });

  it('defers a task whose turn does not come, and that is no attempt', async () => {
    const { queue, app } = await start();
    const lock = await app.get(LockService).acquire(keyOf('a'));
    const handle = await queue.add('ship', { id: 'a' });
    await eventually(async () =>
      expect(await queue.get(handle.id)).toMatchObject({
        state: 'delayed',
        attempt: 0,
        error: { code: 'DEPOT_LOCK_CONFLICT' },
      }),
    );
    await lock.release();

    expect(await handle.result()).toBe('shipped a');
  });

  it('serves those that wait in the order in which they began to', async () => {
    const { queue, app } = await startQueue<InTurn>(engine, { providers: [InTurn] });
    const locks = app.get(LockService);
    const lock = await locks.acquire(keyOf('ship'));
    const handles = [];
    for (const n of [1, 2, 3]) {
      handles.push(await queue.add('ship', { id: 'a', n }));
      await eventually(async () => expect(await locks.inspect(keyOf('ship'))).toMatchObject({ waiters: n }));
    }
    await lock.release();
    for (const handle of handles) await handle.result();

    expect(app.get(InTurn).ran).toEqual([1, 2, 3]);
  });

  it('waits no longer for a task that is cancelled', async () => {
    const { queue, app } = await startQueue<InTurn>(engine, { providers: [InTurn] });
    const locks = app.get(LockService);
    await locks.acquire(keyOf('ship'));
    const { id } = await queue.add('ship', { id: 'a' });
    await eventually(async () => expect(await locks.inspect(keyOf('ship'))).toMatchObject({ waiters: 1 }));
    await queue.cancel(id);

    await eventually(async () => expect(await locks.inspect(keyOf('ship'))).toMatchObject({ waiters: 0 }));
    expect(app.get(InTurn).ran).toEqual([]);
  });

  it('tells the handler that its lock is lost', async () => {
    const { queue, app } = await startQueue<Brief>(engine, { providers: [Brief] });
    const handle = await queue.add('hold', { id: 'a' });
    await app.get(Brief).begun.given;
    await app.get(LockService).forceRelease(keyOf('a'));

    expect(await handle.result()).toBe('LockLostError');
  });
});

it('three processes on Redis never run two tasks of a key at once', async () => {
  ledger = new Ledger();
  const options = optionsFor('redis');
  const module = appModule(options, ['work'], { providers: [Orders] });
  const apps: INestApplicationContext[] = [];
  for (let n = 0; n < 3; n++) apps.push(await startApp(module));
  const [first] = apps as [INestApplicationContext];
  const queue = queueOf<Orders>(first, 'work');
  const handles = await queue.addBulk(
    Array.from({ length: 60 }, (_, n) => ({
      name: 'ship' as const,
      payload: { id: ['a', 'b'][n % 2] ?? 'a', n },
    })),
  );
  await Promise.all(handles.map((handle) => handle.result()));

  expect([ledger.ran.length, ledger.overlaps, [...ledger.attempts]]).toEqual([60, 0, [1]]);
  await Promise.all(apps.map(closeApp));
});

describe('a wrong option stops the application from starting', () => {
  const startWith = (locked: unknown, batch = false): Promise<unknown> => {
    @Processor('work', { locked } as ProcessorOptions)
    class Wrong {
      @Task(batch ? { batch: { size: 10 } } : {})
      async run(_orders: Batch<Order>): Promise<void> {}
    }
    return startQueue('embedded', { providers: [Wrong] });
  };
  const key = (): string => 'a';

  it.each<[unknown, string]>([
    ['a', 'is "a"; expected an object'],
    [{}, '.key is undefined; expected a function'],
    [{ key: 'a' }, '.key is "a"; expected a function'],
    [{ key, mode: 'read' }, " has no option 'mode'; there are: key, ttl, wait, delay"],
    [{ key, ttl: 'long' }, '.ttl is "long"; expected a number of milliseconds'],
    [{ key, wait: -1 }, '.wait is -1; expected a number of milliseconds'],
    [{ key, delay: 0 }, '.delay is 0; expected 1 ms or more'],
  ])('locked: %j', async (locked, message) => {
    const started = startWith(locked);
    await expect(started).rejects.toThrow(DepotConfigError);
    await expect(started).rejects.toThrow(/^locked of @Processor\("work"\) of Wrong/);
    await expect(started).rejects.toThrow(message);
  });

  it('on a class that takes batches', async () => {
    const started = startWith({ key }, true);
    await expect(started).rejects.toThrow(DepotConfigError);
    await expect(started).rejects.toThrow(
      'locked of @Processor("work") of Wrong: Wrong.run takes batches, whose tasks have a key each; expected a class of its own without locked',
    );
  });

  it('with a ttl that no lock can have', async () => {
    await expect(startWith({ key, ttl: 0 })).rejects.toThrow(
      'locked.ttl of Wrong.run is 0; expected 1 ms to 365d',
    );
  });
});
