import { describe, expect, it } from '@jest/globals';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import { SlotPool, type QueueOrder } from '../../../lib/task/runtime/slot.pool.js';
import type { Step } from '../../../lib/task/task.broker.js';
import { Bench, task } from './bench.js';
import { turns } from './scripted-broker.js';

const STRICT: QueueOrder = { kind: 'strict', queues: ['critical', 'default'] };
const weighted = (weights: Record<string, number>): QueueOrder => ({
  kind: 'weighted',
  weights: new Map(Object.entries(weights)),
});

/** Queues that share slots. What they ran is in `ran`, in order, as `queue number`. */
class Sharing {
  readonly ran: string[] = [];
  readonly benches = new Map<string, Bench>();
  private readonly stock = new Map<string, number>();
  private readonly pool: SlotPool;
  private next = 0;

  constructor(slots: number, order: QueueOrder, queues: readonly string[], own = 10) {
    this.pool = new SlotPool(slots, order);
    for (const queue of queues) {
      const bench = new Bench(own, {}, { pool: this.pool, queue });
      bench.begun = (id) => this.ran.push(id);
      bench.broker.onStep = async (_consumer, _acks, _slots, rooms): Promise<Step> => {
        const count = Math.min(rooms?.shared ?? 0, this.stock.get(queue) ?? 0);
        this.stock.set(queue, (this.stock.get(queue) ?? 0) - count);
        return {
          tasks: Array.from({ length: count }, () => task(`${queue} ${this.next++}`)),
          nextMs: undefined,
        };
      };
      this.benches.set(queue, bench);
    }
  }

  bench(queue: string): Bench {
    const bench = this.benches.get(queue);
    if (!bench) throw new Error(`there is no queue ${queue}`);
    return bench;
  }

  async start(): Promise<this> {
    for (const bench of this.benches.values()) await bench.start();
    return this;
  }

  /** Further tasks wait, and whoever is idle is told. */
  async add(queue: string, count: number): Promise<void> {
    this.stock.set(queue, (this.stock.get(queue) ?? 0) + count);
    this.bench(queue).broker.push({ kind: 'due', inMs: 0 });
    await turns();
  }

  /** Ends what has run longest. */
  async end(count = 1): Promise<void> {
    for (let i = 0; i < count; i++) {
      const id = this.running[0];
      if (id === undefined) throw new Error('nothing runs');
      this.ended.add(id);
      await this.bench(id.split(' ')[0] ?? '').end(id);
      await turns();
    }
  }

  get running(): string[] {
    return this.ran.filter((id) => !this.ended.has(id));
  }

  /** Which queues were served, in order. */
  get served(): string[] {
    return this.ran.map((id) => id.split(' ')[0] ?? '');
  }

  private readonly ended = new Set<string>();
}

const times = (count: number, queue: string): string[] => new Array<string>(count).fill(queue);

describe('queues that share the slots of a process', () => {
  it('run no more calls together than there are slots', async () => {
    const sharing = await new Sharing(3, STRICT, ['critical', 'default']).start();
    await sharing.add('default', 10);
    await sharing.add('critical', 10);
    expect(sharing.running).toHaveLength(3);
    await sharing.end(5);
    expect(sharing.running).toHaveLength(3);
  });

  it('use all of them when one alone has something to do', async () => {
    const sharing = await new Sharing(4, STRICT, ['critical', 'default']).start();
    await sharing.add('default', 10);
    expect(sharing.served).toEqual(times(4, 'default'));
    await sharing.end(3);
    expect(sharing.running).toHaveLength(4);
  });

  it('keep to their own concurrency, and leave the rest to others', async () => {
    const sharing = await new Sharing(5, STRICT, ['critical', 'default'], 3).start();
    await sharing.add('critical', 10);
    await sharing.add('default', 10);
    expect(sharing.served).toEqual([...times(3, 'critical'), ...times(2, 'default')]);
  });

  it('are served strictly in order', async () => {
    const sharing = await new Sharing(2, STRICT, ['default', 'critical']).start();
    await sharing.add('default', 4);
    await sharing.add('critical', 6);
    while (sharing.running.length > 0) await sharing.end();
    expect(sharing.served).toEqual([...times(2, 'default'), ...times(6, 'critical'), ...times(2, 'default')]);
  });

  it('go after those that are named when they are not, by turns', async () => {
    const sharing = await new Sharing(1, STRICT, ['x', 'y', 'critical']).start();
    await sharing.add('critical', 1);
    await sharing.add('x', 4);
    await sharing.add('y', 4);
    await sharing.add('critical', 2);
    while (sharing.running.length > 0) await sharing.end();
    expect(sharing.served.slice(0, 3)).toEqual(times(3, 'critical'));
    expect(sharing.served.slice(3, 7).sort()).toEqual(['x', 'x', 'y', 'y']);
    expect(sharing.served).toHaveLength(11);
  });

  it('are served by their weights while they have something to do', async () => {
    const sharing = await new Sharing(1, weighted({ critical: 3, default: 1 }), [
      'critical',
      'default',
    ]).start();
    await sharing.add('default', 40);
    await sharing.add('critical', 40);
    while (sharing.ran.length < 41) await sharing.end();
    const served = sharing.served.slice(1);
    expect(served.filter((queue) => queue === 'critical')).toHaveLength(30);
    // Evenly, not in lumps.
    for (let from = 0; from + 4 <= served.length; from += 4) {
      const lot = served.slice(from, from + 4).filter((queue) => queue === 'critical');
      expect(lot.length).toBeGreaterThanOrEqual(2);
    }
  });

  it('save up no turns while they have nothing to do', async () => {
    const sharing = await new Sharing(1, weighted({}), ['busy', 'late']).start();
    await sharing.add('busy', 40);
    await sharing.end(20);
    await sharing.add('late', 20);
    await sharing.end(10);
    const late = sharing.served.slice(21).filter((queue) => queue === 'late');
    expect(late.length).toBeGreaterThanOrEqual(4);
    expect(late.length).toBeLessThanOrEqual(6);
  });

  it('come to rest when nobody has anything to do', async () => {
    const sharing = await new Sharing(2, STRICT, ['critical', 'default']).start();
    await sharing.add('default', 3);
    await sharing.add('critical', 1);
    while (sharing.running.length > 0) await sharing.end();
    for (const bench of sharing.benches.values()) bench.news();
    await turns(50);
    for (const bench of sharing.benches.values()) expect(bench.news()).toEqual([]);
  });

  it('get a slot that is free before its end is acknowledged', async () => {
    const sharing = await new Sharing(1, STRICT, ['critical', 'default']).start();
    await sharing.add('default', 1);
    await sharing.add('critical', 1);
    sharing.bench('default').broker.onStep = () => new Promise(() => undefined);
    await sharing.end();
    expect(sharing.served).toEqual(['default', 'critical']);
  });

  it('do not wait for one that drains', async () => {
    const sharing = await new Sharing(2, STRICT, ['critical', 'default']).start();
    await sharing.add('critical', 10);
    await sharing.add('default', 10);
    void sharing.bench('critical').consumer.drain(new AbortController().signal);
    await sharing.end(2);
    expect(sharing.served).toEqual([...times(2, 'critical'), ...times(2, 'default')]);
    expect(sharing.bench('critical').consumer.busy).toBe(false);
  });

  it('get back the slots of a task that is cancelled, though its handler goes on', async () => {
    const sharing = await new Sharing(1, STRICT, ['critical', 'default']).start();
    await sharing.add('critical', 1);
    await sharing.add('default', 1);
    const { broker } = sharing.bench('critical');
    broker.push({ kind: 'cancel', consumer: 'c1', id: sharing.ran[0] ?? '' });
    await turns();
    expect(sharing.served).toEqual(['critical', 'default']);
  });

  it('do not wait for a call of another that fails', async () => {
    const sharing = await new Sharing(1, STRICT, ['critical', 'default']).start();
    const critical = sharing.bench('critical').broker;
    critical.onStep = () => Promise.reject(new EngineUnavailableError('gone'));
    critical.onJoin = () => Promise.reject(new EngineUnavailableError('gone'));
    critical.push({ kind: 'due', inMs: 0 });
    await sharing.add('default', 1);
    expect(sharing.served).toEqual(['default']);
  });
});
