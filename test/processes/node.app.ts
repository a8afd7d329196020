/**
 * A process that opens applications of the library when it is asked to: each has a namespace of its own, so that one
 * process serves many tests. Handlers write to the ledger. With `library`, another version is what it runs.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Module, type INestApplicationContext, type OnModuleDestroy, type Type } from '@nestjs/common';
import type {
  AddOptions,
  Duration,
  Queue,
  QueueOptions,
  TaskContext,
  TaskEvent,
  TaskEventName,
} from 'nestjs-depot';
import { host, settings } from '../acceptance/app-host.js';
import { startApplication } from '../acceptance/application.js';
import { Ledger, type Note } from './ledger.js';

export interface NodeSettings {
  readonly redis: string;
  /** The URL of another version's main file. Left out: the version under test. */
  readonly library?: string;
}

export interface Opening {
  readonly namespace: string;
  readonly queues: readonly Serving[];
  readonly lease?: Duration;
}

export interface Serving {
  readonly options: QueueOptions;
  /** 0: it only adds to the queue. */
  readonly concurrency: number;
  /** How many tasks of the name `limited` may run here. Left out: its handler is not there. */
  readonly limited?: number;
  /** Which events its handlers are told. */
  readonly hears?: readonly TaskEventName[];
}

/** What a task is to do, and what it is called in the ledger. */
export interface Doing {
  readonly label?: string;
  /** `work` and `limited`: how long. */
  readonly ms?: number;
  /** `work`: how many of its attempts fail. */
  readonly fails?: number;
  /** `hold`: only that process never ends it. */
  readonly pid?: number;
}

export interface Asking {
  readonly namespace: string;
  readonly queue: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface Adding {
  readonly name: string;
  readonly payload?: Doing;
  readonly options?: AddOptions;
}

export interface AddingAll {
  readonly namespace: string;
  readonly queue: string;
  readonly tasks: readonly Adding[];
}

export interface Storm {
  readonly namespace: string;
  readonly queue: string;
  readonly name: string;
  readonly labels: readonly string[];
  readonly options: AddOptions;
}

export interface Blown {
  readonly id: string;
  readonly label: string;
  readonly replaced: string | undefined;
}

const { redis, library } = settings() as NodeSettings;
const { DepotModule, getQueueToken, OnTask, Processor, Task } = (await import(
  library ?? 'nestjs-depot'
)) as typeof import('nestjs-depot');

const ledger = new Ledger(redis);
const open = new Map<string, INestApplicationContext>();

function processorsOf(namespace: string, { options, concurrency, limited, hears = [] }: Serving): Type[] {
  const queue = options.name;
  const write = (
    kind: Note['kind'],
    { id, attempt, label = '' }: { id: string; attempt: number; label?: string },
  ) => ledger.write(namespace, { kind, queue, task: id, attempt, label });
  const noted = async (kind: Note['kind'], { label = '' }: Doing, { id, attempt }: TaskContext) =>
    write(kind, { id, attempt, label });

  @Processor(queue, { concurrency: Math.max(1, concurrency) })
  class Worker {
    @Task({ attempts: 4, backoff: { type: 'fixed', delay: 40 } })
    async work(doing: Doing, task: TaskContext): Promise<string> {
      await noted('begun', doing, task);
      await pause(doing.ms ?? 0);
      await noted('ended', doing, task);
      if (task.attempt <= (doing.fails ?? 0)) throw new Error(`attempt ${task.attempt} was to fail`);
      return `${doing.label ?? ''} in ${process.pid}`;
    }

    /** Ends when it is told to. */
    @Task()
    async linger(doing: Doing, task: TaskContext): Promise<never> {
      const { signal } = task;
      const aborted = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => void noted('aborted', doing, task).then(resolve));
      });
      await noted('begun', doing, task);
      await aborted;
      throw signal.reason;
    }

    /** Never ends in that one process, whatever it is told. */
    @Task()
    async hold(doing: Doing, task: TaskContext): Promise<void> {
      await noted('begun', doing, task);
      if (doing.pid === process.pid) await new Promise<never>(() => undefined);
      await noted('ended', doing, task);
    }

    @Task()
    async die(doing: Doing, task: TaskContext): Promise<never> {
      await noted('begun', doing, task);
      throw new Error('it was to fail');
    }
  }

  @Processor(queue, { concurrency: Math.max(1, concurrency) })
  class LimitedWorker {
    @Task({ ...(limited !== undefined && { concurrency: limited }) })
    async limited(doing: Doing, task: TaskContext): Promise<void> {
      await noted('begun', doing, task);
      await pause(doing.ms ?? 0);
      await noted('ended', doing, task);
    }
  }

  class Hearer {
    async hear(event: TaskEvent): Promise<void> {
      await write('told', { id: event.taskId, attempt: event.attempt, label: event.event });
    }
  }

  const hearers = hears.map((event) => {
    class OneHearer extends Hearer {
      override hear(told: TaskEvent): Promise<void> {
        return super.hear(told);
      }
    }
    const method = Object.getOwnPropertyDescriptor(OneHearer.prototype, 'hear');
    if (method) OnTask(event)(OneHearer.prototype, 'hear', method);
    Processor(queue, { concurrency: Math.max(1, concurrency) })(OneHearer);
    return OneHearer;
  });
  return [Worker, ...(limited === undefined ? [] : [LimitedWorker]), ...hearers];
}

async function openDepot({ namespace, queues, lease }: Opening): Promise<void> {
  const depot = {
    redis,
    namespace,
    workers: queues.filter(({ concurrency }) => concurrency > 0).map(({ options }) => options.name),
    ...(lease !== undefined && { tasks: { lease } }),
  } as Parameters<typeof DepotModule.forRoot>[0];

  @Module({
    imports: [DepotModule.forRoot(depot), ...queues.map(({ options }) => DepotModule.registerQueue(options))],
    providers: queues
      .filter(({ concurrency }) => concurrency > 0)
      .flatMap((serving) => processorsOf(namespace, serving)),
  })
  class DepotApp {}

  open.set(namespace, await startApplication(DepotApp));
}

function queueOf(namespace: string, queue: string): Queue {
  const app = open.get(namespace);
  if (!app) throw new Error(`there is no application ${namespace}`);
  return app.get<Queue>(getQueueToken(queue));
}

@Module({})
class NodeModule implements OnModuleDestroy {
  async onModuleDestroy(): Promise<void> {
    await Promise.all([...open.values()].map((app) => app.close()));
    await ledger[Symbol.asyncDispose]();
  }
}

host(NodeModule, () => ({
  open: openDepot,
  leave: async (namespace: string) => {
    await open.get(namespace)?.close();
    open.delete(namespace);
  },
  /** Calls a method of a queue. */
  ask: async ({ namespace, queue, method, args }: Asking): Promise<unknown> => {
    const target = queueOf(namespace, queue) as unknown as Record<
      string,
      (...args: readonly unknown[]) => Promise<unknown>
    >;
    return target[method]?.(...args);
  },
  addBulk: async ({ namespace, queue, tasks }: AddingAll): Promise<readonly string[]> => {
    const handles = await queueOf(namespace, queue).addBulk(tasks);
    return handles.map(({ id }) => id);
  },
  /** Adds a task and waits for its result. */
  run: async ({ namespace, queue, args: [name, payload, options] }: Asking): Promise<unknown> => {
    const handle = await queueOf(namespace, queue).add(name as string, payload, options as AddOptions);
    return handle.result({ timeout: '30s' });
  },
  /** Adds one task after the other. */
  storm: async ({ namespace, queue, name, labels, options }: Storm): Promise<Blown[]> => {
    const blown: Blown[] = [];
    for (const label of labels) {
      const { id, replaced } = await queueOf(namespace, queue).add(name, { label }, options);
      blown.push({ id, label, replaced });
    }
    return blown;
  },
}));
