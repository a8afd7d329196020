import { expect } from '@jest/globals';
import type { Duration, Queue, QueueOptions } from 'nestjs-depot';
import { Producer } from '../acceptance/producer.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { Ledger, type Entry, type Note } from './ledger.js';
import { Node, serving } from './node.js';
import type { Opening, Serving } from './node.app.js';

export const QUEUE = 'work';
const PROCESSES = 3;

export interface Terms {
  readonly limits?: Omit<QueueOptions, 'name'>;
  /** Handlers at the same time in each process. @default 4 */
  readonly concurrency?: number;
  readonly hears?: NonNullable<Serving['hears']>;
  readonly lease?: Duration;
}

/** Three processes with workers, one Redis of their own, and this process, which adds and looks. */
export class Fleet {
  private constructor(
    readonly redis: RedisServer,
    readonly nodes: readonly Node[],
    readonly ledger: Ledger,
  ) {}

  static async start(): Promise<Fleet> {
    const redis = await startRedis();
    const nodes = await Promise.all(
      Array.from({ length: PROCESSES }, () => Node.start({ redis: redis.url })),
    );
    return new Fleet(redis, nodes, new Ledger(redis.url));
  }

  get pids(): ReadonlySet<number> {
    return new Set(this.nodes.map(({ pid }) => pid));
  }

  /** A queue of its own that all processes work on. */
  async queue(label: string, terms: Terms = {}): Promise<Shared> {
    const shared = await Shared.open(this, label, terms);
    for (const node of this.nodes) await shared.workOn(node);
    return shared;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.ledger[Symbol.asyncDispose]();
    await this.redis.stop();
  }
}

/** A queue that several processes share, and what its handlers wrote down. */
export class Shared implements AsyncDisposable {
  private readonly workers = new Set<Node>();

  private constructor(
    private readonly fleet: Fleet,
    readonly namespace: string,
    private readonly terms: Terms,
    private readonly producer: Producer,
  ) {}

  static async open(fleet: Fleet, label: string, terms: Terms): Promise<Shared> {
    const { lease } = terms;
    const namespace = uniqueNamespace(label);
    // The lease of a hand-over is that of the process which hands over.
    const tasks = lease === undefined ? {} : { lease };
    const producer = await Producer.start(fleet.redis.url, namespace, QUEUE, tasks);
    return new Shared(fleet, namespace, terms, producer);
  }

  /** As this process has it, which works on nothing. */
  get queue(): Queue {
    return this.producer.queue;
  }

  async workOn(node: Node): Promise<void> {
    const { limits = {}, concurrency = 4, hears, lease } = this.terms;
    const opening: Opening = {
      namespace: this.namespace,
      queues: [serving(QUEUE, concurrency, limits, hears && { hears })],
      ...(lease !== undefined && { lease }),
    };
    await node.open(opening);
    this.workers.add(node);
    await this.idle();
  }

  /** Every worker has said that it has nothing to do, so that tasks are spread over all of them. */
  private async idle(): Promise<void> {
    await eventually(async () => {
      const idle = await this.fleet.redis.command(`ZCARD ${this.namespace}:{${QUEUE}}:idle`);
      const active = await this.fleet.redis.command(`ZCARD ${this.namespace}:{${QUEUE}}:active`);
      if (active === '0') expect(Number(idle)).toBe(this.workers.size);
    });
  }

  entries(kind?: Note['kind']): Promise<Entry[]> {
    return this.fleet.ledger.read(this.namespace, kind);
  }

  /** The entries of that kind, when there are so many. */
  async until(kind: Note['kind'], count: number, within = 10_000): Promise<Entry[]> {
    return eventually(
      async () => {
        const entries = await this.entries(kind);
        expect(entries).toHaveLength(count);
        return entries;
      },
      { within },
    );
  }

  /** The entries of that kind, when there are so many or more. */
  async atLeast(kind: Note['kind'], count: number): Promise<Entry[]> {
    return eventually(async () => {
      const entries = await this.entries(kind);
      expect(entries.length).toBeGreaterThanOrEqual(count);
      return entries;
    });
  }

  /** It is dead already, and can't be asked to leave. */
  forget(node: Node): void {
    this.workers.delete(node);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.producer[Symbol.asyncDispose]();
    await Promise.all([...this.workers].map((node) => node.close(this.namespace)));
  }
}
