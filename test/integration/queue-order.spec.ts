import { describe, expect, it } from '@jest/globals';
import { Inject, Module, type Type } from '@nestjs/common';
import { DepotConfigError, DepotModule, Payload, Processor, Task, type DepotOptions } from 'nestjs-depot';
import { DepotRuntime } from '../../lib/depot.runtime.js';
import { appModule, ENGINES, optionsFor, queueOf, signal, startApp } from '../support/app.js';

/** Lets the test see which queue was served when. */
class Order {
  readonly served: string[] = [];
  readonly begun = signal();
  readonly gate = signal();
  running = 0;
  most = 0;

  async serve(queue: string): Promise<void> {
    this.served.push(queue);
    this.most = Math.max(this.most, ++this.running);
    this.begun.give();
    await this.gate.given;
    this.running--;
  }
}

@Processor('critical')
class Critical {
  constructor(@Inject(Order) readonly order: Order) {}
  @Task() run(@Payload() _n: number): Promise<void> {
    return this.order.serve('critical');
  }
}

@Processor('default')
class Default {
  constructor(@Inject(Order) readonly order: Order) {}
  @Task() run(@Payload() _n: number): Promise<void> {
    return this.order.serve('default');
  }
}

const tasks = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ name: 'run' as const, payload: n }));

describe.each(ENGINES)('the queues of a process on the %s engine', (engine) => {
  async function serving(options: DepotOptions) {
    const providers = [Order, Critical, Default];
    const app = await startApp(
      appModule(optionsFor(engine, options), ['critical', 'default'], { providers }),
    );
    return {
      app,
      order: app.get(Order),
      critical: queueOf<Critical>(app, 'critical'),
      normal: queueOf<Default>(app, 'default'),
    };
  }

  it('are served strictly in order', async () => {
    const { app, order, critical, normal } = await serving({
      queueOrder: ['critical', 'default'],
      tasks: { processConcurrency: 1 },
    });
    const first = await normal.addBulk(tasks(5));
    await order.begun.given;
    // The worker hears of them by another connection than the producer of their being added.
    const heard = signal();
    app
      .get(DepotRuntime, { strict: false })
      .queue('critical')
      ?.broker.onPush(() => heard.give());
    const then = await critical.addBulk(tasks(5));
    await heard.given;
    order.gate.give();
    await Promise.all([...first, ...then].map((handle) => handle.result()));
    expect(order.most).toBe(1);
    expect(order.served).toEqual([
      'default',
      ...new Array<string>(5).fill('critical'),
      ...new Array<string>(4).fill('default'),
    ]);
  });

  it('are served by their weights', async () => {
    const { order, critical, normal } = await serving({
      queueOrder: { critical: 3, default: 1 },
      tasks: { processConcurrency: 1 },
    });
    const first = await normal.addBulk(tasks(20));
    await order.begun.given;
    const then = await critical.addBulk(tasks(15));
    order.gate.give();
    await Promise.all([...first, ...then].map((handle) => handle.result()));
    expect(order.most).toBe(1);
    const early = order.served.slice(1, 17);
    expect(early.filter((queue) => queue === 'critical').length).toBeGreaterThanOrEqual(11);
    expect(early.filter((queue) => queue === 'default').length).toBeGreaterThanOrEqual(3);
  });

  it('share the slots of the process', async () => {
    const { order, critical, normal } = await serving({ tasks: { processConcurrency: 3, concurrency: 3 } });
    const handles = [...(await normal.addBulk(tasks(20))), ...(await critical.addBulk(tasks(20)))];
    order.gate.give();
    await Promise.all(handles.map((handle) => handle.result()));
    expect(order.most).toBeLessThanOrEqual(3);
    expect(order.served).toHaveLength(40);
  });
});

describe('the order of queues', () => {
  const start = (options: object) =>
    startApp(appModule(optionsFor('embedded', options), ['critical', 'default'], { providers: [] }));

  it.each<[object, string]>([
    [{ queueOrder: 'critical' }, 'queueOrder is "critical"; expected an array of queue names, or an object'],
    [{ queueOrder: [1] }, 'queueOrder is an array; expected names of queues, each once'],
    [{ queueOrder: ['critical', 'critical'] }, 'queueOrder is an array; expected names of queues, each once'],
    [{ queueOrder: { critical: 0 } }, 'queueOrder.critical is 0; expected a number above 0'],
    [{ queueOrder: { critical: '3' } }, 'queueOrder.critical is "3"; expected a number above 0'],
    [
      { queueOrder: ['urgent'] },
      "queueOrder names the queue 'urgent', which is not registered; there are: crit",
    ],
    [{ queueOrder: { urgent: 1 } }, "queueOrder names the queue 'urgent', which is not registered"],
    [{ tasks: { processConcurrency: 0 } }, 'tasks.processConcurrency is 0; expected a whole number from 1'],
  ])('is refused when it is %j', async (options, message) => {
    const error = await start(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DepotConfigError);
    expect((error as Error).message).toContain(message);
  });

  it('may name a queue that this process does not consume', async () => {
    class AppModule {}
    Module({
      imports: [
        DepotModule.forRoot(
          optionsFor('embedded', { workers: ['default'], queueOrder: ['critical', 'default'] }),
        ),
        DepotModule.registerQueue({ name: 'critical' }),
        DepotModule.registerQueue({ name: 'default' }),
      ],
      providers: [Order, Critical, Default],
    })(AppModule);
    const app = await startApp(AppModule as Type);
    app.get(Order).gate.give();
    await (await queueOf<Default>(app, 'default').add('run', 1)).result();
    expect(app.get(Order).served).toEqual(['default']);
  });
});
