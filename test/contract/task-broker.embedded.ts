import { EmbeddedTaskBroker } from '../../lib/engines/embedded/embedded-task.broker.js';
import { EmbeddedTaskStore } from '../../lib/engines/embedded/embedded-task.store.js';
import type { TaskMoves } from '../../lib/engines/embedded/task-moves.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import type { EngineUnderTest, Stored, TestProcess } from './task-broker.engine.js';

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
    const { tasks, waiting, delayed, ended, consumers, waiters, unique, expiries, cancelling, limits } =
      this.moves(name);
    const { suspects, lanes, levels, groups } = waiting;
    const all = [...consumers.all()];
    return {
      records: ids(tasks),
      places: {
        waiting: [...ids(lanes), ...ids(levels), ...ids(groups)],
        suspects: ids(suspects),
        delayed: ids(delayed.range(0, -1)),
        blocked: ids(unique.blocked.keys()),
        active: ids(consumers.held()),
        completed: ids(ended.in('completed')),
        dead: ids(ended.in('dead')),
        cancelled: ids(ended.in('cancelled')),
        expired: ids(ended.in('expired')),
        parked: ids(ended.in('parked')),
      },
      levels: ids(levels),
      holders: new Map([...tasks].flatMap(({ id, holder }) => (holder > 0 ? [[id, `${holder}`]] : []))),
      consumers: new Map(all.map(({ name: consumer, deadline }) => [consumer, deadline])),
      idle: new Map(all.filter(({ free }) => free > 0).map(({ name: consumer, free }) => [consumer, free])),
      sideRecords: [...waiters.keys(), ...ids(expiries.range(0, -1)), ...cancelling],
      suspected: new Map(
        all.flatMap(({ name: consumer, suspect }) => (suspect === undefined ? [] : [[consumer, suspect]])),
      ),
      unique: new Map(
        [...unique.keys.keys()].flatMap((key) => {
          const holder = unique.keys.get(key);
          const isTimed = holder?.throttles || unique.keys.expiresAt(key) !== undefined;
          return holder && !isTimed ? [[key, holder.id]] : [];
        }),
      ),
      next: new Map([...unique.next].map(([by, { id }]) => [by, id])),
      inflight: new Map(groups.inHand),
      flags: [...cancelling],
      // A task leaves a list in memory itself, from the middle, too.
      astray: [],
      limits: limits.current,
      isPaused: limits.paused,
    };
  }

  async dropRecord(queue: string, id: string): Promise<void> {
    const moves = this.moves(queue);
    const task = moves.tasks.get(id);
    if (task) moves.tasks.delete(task);
  }

  async close(): Promise<void> {
    for (const broker of this.brokers) broker.close();
    await settled();
  }

  private moves(name: string): TaskMoves {
    const queue = this.store.opened(name);
    if (!queue) throw new Error(`queue ${name} was never opened`);
    return queue.moves;
  }
}

const ids = (tasks: Iterable<{ readonly id: string }>): string[] => Array.from(tasks, ({ id }) => id);
