import { expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Batch,
  BatchResult,
  Ctx,
  DepotModule,
  OnTask,
  Payload,
  Processor,
  Task,
  TaskContext,
  TaskEvent,
  type DepotOptions,
} from 'nestjs-depot';
import { appModule, optionsFor, queueOf, signal, startApp } from '../support/app.js';
import { missingExamples } from '../support/examples.js';

interface Query {
  readonly rows: number;
}
interface Doc {
  readonly text: string;
}
interface Order {
  readonly amount: number;
}
interface Receipt {
  readonly paid: number;
}

@Injectable()
class Outside {
  readonly indexed: (readonly Doc[])[] = [];
  readonly charged: number[] = [];
  readonly streaming = signal();
  readonly aborted = signal<unknown>();
  readonly paged = signal<string>();

  stream(_query: Query, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.streaming.give();
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        this.aborted.give(signal.reason);
        reject(signal.reason as Error);
      });
    });
  }

  async bulk(docs: readonly Doc[]): Promise<void> {
    this.indexed.push(docs);
  }

  async charge({ amount }: Order): Promise<Receipt> {
    this.charged.push(amount);
    if (amount < 0) throw new Error(`no charge of ${amount}`);
    return { paid: amount };
  }

  async send(message: string): Promise<void> {
    this.paged.give(message);
  }
}

@Processor('shop')
class ShopProcessor {
  readonly database: Outside;
  readonly search: Outside;
  readonly bank: Outside;
  readonly pager: Outside;

  constructor(outside: Outside) {
    this.database = this.search = this.bank = this.pager = outside;
  }

  @Task()
  async export(@Payload() query: Query, @Ctx() task: TaskContext): Promise<void> {
    await this.database.stream(query, { signal: task.signal });
  }

  @Task({ attempts: 5, batch: { size: 100, wait: '50ms' } })
  async index(@Payload() docs: Batch<Doc>): Promise<void> {
    await this.search.bulk(docs);
  }

  @Task({ attempts: 3, batch: { size: 50, wait: '1s' } })
  async charge(@Payload() orders: Batch<Order>): Promise<BatchResult<Receipt>> {
    return BatchResult.settled(await Promise.allSettled(orders.map((order) => this.bank.charge(order))));
  }

  @OnTask('dead', { attempts: 3 })
  async gaveUp(event: TaskEvent<Receipt, Order>): Promise<void> {
    await this.pager.send(`${event.name} ${event.taskId}: ${event.error?.message}`);
  }
}

const start = async (options: DepotOptions = {}) => {
  const app = await startApp(
    appModule(optionsFor('embedded', options), ['shop'], { providers: [Outside, ShopProcessor] }),
  );
  return { outside: app.get(Outside), shop: queueOf<ShopProcessor>(app, 'shop') };
};

it('the examples of docs/handlers.md are the ones that run here', async () => {
  expect(await missingExamples('docs/handlers.md', 'test/integration/handling.example.spec.ts')).toEqual([]);
});

it('a handler passes its signal on', async () => {
  const { outside, shop } = await start();
  const handle = await shop.add('export', { rows: 9 });
  await outside.streaming.given;

  expect(await shop.cancel(handle.id)).toBe(true);

  expect(await outside.aborted.given).toMatchObject({ code: 'DEPOT_TASK_CANCELLED' });
});

it('a batch has what came within its wait', async () => {
  const { outside, shop } = await start();
  const handles = await shop.addBulk(
    ['a', 'b', 'c'].map((text) => ({ name: 'index', payload: { text } }) as const),
  );

  await Promise.all(handles.map((handle) => handle.result()));

  expect(outside.indexed).toEqual([[{ text: 'a' }, { text: 'b' }, { text: 'c' }]]);
});

it('of a batch only what failed is tried again, and somebody hears of what is dead', async () => {
  const { outside, shop } = await start();
  const [good, bad] = await Promise.all([
    shop.add('charge', { amount: 5 }),
    shop.add('charge', { amount: -1 }, { attempts: 2, backoff: 0 }),
  ]);

  expect(await good.result()).toEqual({ paid: 5 });
  await expect(bad.result()).rejects.toThrow('no charge of -1');

  expect(outside.charged).toEqual([5, -1, -1]);
  expect(await outside.paged.given).toBe(`charge ${bad.id}: no charge of -1`);
});

it('queues share the slots of a process in an order, of queues that there are', async () => {
  for (const queueOrder of [['shop'], { shop: 3 }]) {
    const { shop } = await start({ queueOrder, tasks: { processConcurrency: 20 } });
    expect(await (await shop.add('charge', { amount: 7 })).result()).toEqual({ paid: 7 });
  }
  const orders = (): void => {
    DepotModule.forRoot({ queueOrder: ['critical', 'default'], tasks: { processConcurrency: 20 } });
    DepotModule.forRoot({ queueOrder: { critical: 3, default: 1 }, tasks: { processConcurrency: 20 } });
  };
  expect(orders).not.toThrow();
  await expect(start({ queueOrder: ['critical', 'default'] })).rejects.toThrow("'critical'");
});
