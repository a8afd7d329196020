import { EmbeddedTaskBroker, EmbeddedTaskStore } from '../../lib/engines/embedded/embedded-task.broker.js';
import type { EmbeddedQueue } from '../../lib/engines/embedded/embedded-queue.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { numberOf, type EngineUnderTest, type Stored, type TestProcess } from './task-broker.engine.js';

export function openEmbedded(): Promise<EngineUnderTest> {
  return Promise.resolve(new EmbeddedEngineUnderTest());
}

class EmbeddedEngineUnderTest implements EngineUnderTest {
  private readonly clock = new ManualClock();
  private readonly store = new EmbeddedTaskStore(this.clock);
  private readonly brokers: EmbeddedTaskBroker[] = [];

  async process(): Promise<TestProcess> {
    const name = `p${this.brokers.length + 1}`;
    const broker = new EmbeddedTaskBroker(this.store, name);
    this.brokers.push(broker);
    return {
      name,
      broker,
      delivered: settled,
      die: async () => {
        broker.close();
        await settled();
      },
    };
  }

  now(): number {
    return this.clock.now();
  }

  async advance(ms: number): Promise<void> {
    this.clock.jump(ms);
  }

  async look(name: string): Promise<Stored> {
    const queue = this.queue(name);
    const { tasks, waiting, suspects, delayed, ended, consumers, waiters } = queue;
    const all = [...consumers.all()];
    return {
      records: [...tasks.keys()],
      places: {
        waiting: waiting.toArray(),
        suspects: suspects.toArray(),
        delayed: delayed.range(0, -1),
        active: all.flatMap(({ hand }) => [...hand]),
        completed: ended.ids('completed'),
        dead: ended.ids('dead'),
        parked: ended.ids('parked'),
      },
      holders: new Map(consumers.held.map((id) => [id, numberOf(consumers.holderOf(id)?.name ?? '')])),
      consumers: new Map(all.map(({ name, deadline }) => [name, deadline])),
      idle: new Map(all.filter(({ free }) => free > 0).map(({ name, free }) => [name, free])),
      sideRecords: [...waiters.keys()],
      suspected: new Map(
        all.flatMap(({ name, suspect }) => (suspect === undefined ? [] : [[name, suspect]])),
      ),
    };
  }

  async dropRecord(queue: string, id: string): Promise<void> {
    this.queue(queue).tasks.delete(id);
  }

  async close(): Promise<void> {
    for (const broker of this.brokers) broker.close();
    await settled();
  }

  private queue(name: string): EmbeddedQueue {
    const queue = this.store.opened(name);
    if (!queue) throw new Error(`queue ${name} was never opened`);
    return queue;
  }
}
