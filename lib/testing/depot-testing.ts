import type { Abstract, INestApplicationContext, Type } from '@nestjs/common';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import { toMs, type Duration } from '../common/duration.js';
import { DepotConfigError, EngineClosedError } from '../common/errors.js';
import { DepotRuntime } from '../depot.runtime.js';
import { ENGINE_FACTORY, type EngineFactory } from '../engines/engine.factory.js';
import { TaskCodec } from '../task/task.codec.js';
import type { TaskName } from '../task/task.types.js';
import { Conductor } from './conductor.js';
import { ManualClock } from './manual-clock.js';
import { registerMatchers } from './matchers.js';
import { equip, type SnapshotOf, type TestQueue } from './test-queue.js';
import { testEngine } from './test-engine.js';
import { testingSettings, type DepotTestingOptions, type ProviderOverride } from './testing.options.js';
import { Traffic } from './traffic.js';
import { WorkerGate } from './worker.gate.js';

/**
 * An application under test: the embedded engine, whatever `redis` the application asks for, on a clock that stands
 * still, and workers that wait to be told. Several may live side by side; they share nothing.
 *
 * @example
 * const depot = await DepotTesting.create({ imports: [AppModule] });
 * await depot.queue('email').add('welcome', payload);
 * await depot.drain();
 * expect(depot.queue('email')).toHaveCompleted('welcome', payload);
 * await depot.close();
 */
export class DepotTesting<A extends INestApplicationContext = TestingModule> implements AsyncDisposable {
  private closing: Promise<void> | undefined;

  private constructor(
    /** The application, for whatever the kit has no word for. It is closed by `close()` of the kit. */
    readonly app: A,
    private readonly runtime: DepotRuntime,
    private readonly clock: ManualClock,
    private readonly gate: WorkerGate,
    private readonly conductor: Conductor,
  ) {}

  /**
   * Boots an application.
   *
   * @throws DepotConfigError when an option is wrong, or no module imports `DepotModule.forRoot`
   * @throws whatever the application's start throws
   */
  static async create<A extends INestApplicationContext = TestingModule>(
    options: DepotTestingOptions<A>,
  ): Promise<DepotTesting<A>> {
    const settings = testingSettings(options);
    const clock = new ManualClock(settings.startAtMs);
    const traffic = new Traffic();
    const found: { runtime?: DepotRuntime } = {};
    const gate = new WorkerGate(
      traffic,
      settings.workers === 'auto',
      () => clock.now(),
      () => found.runtime?.settings.codec ?? TaskCodec.plain,
    );
    const conductor = new Conductor(clock, gate, traffic, settings);
    clock.onDue = () => {
      traffic.stir();
      setImmediate(() => clock.fireNext(clock.now()));
    };

    const { imports = [], providers = [], controllers = [], overrides = [] } = options;
    const builder = Test.createTestingModule({
      imports: [...imports],
      providers: [...providers],
      controllers: [...controllers],
    });
    for (const override of overrides) apply(builder, override);
    const create: EngineFactory = (_, logger) => Promise.resolve(testEngine(logger, clock, gate, traffic));
    const configured = options.configure?.(builder) ?? builder;
    const module = await configured.overrideProvider(ENGINE_FACTORY).useValue(create).compile();
    found.runtime = runtimeOf(module);
    // What is not an application of its own is the module itself.
    const app = options.app ? await options.app(module) : (module as INestApplicationContext as A);
    await app.init();
    await conductor.settled();
    await gate.refresh();
    registerMatchers();
    return new DepotTesting(app, found.runtime, clock, gate, conductor);
  }

  /** The time that the application's tasks, cache and locks go by, in milliseconds since the epoch. */
  now(): number {
    return this.clock.now();
  }

  /**
   * A provider of the application, wherever it is.
   *
   * @throws Nest's `UnknownElementException` when there is none
   */
  get<T = unknown>(token: Type<T> | Abstract<T> | string | symbol): T {
    return this.app.get<T>(token, { strict: false });
  }

  /**
   * The queue that `@InjectQueue(name)` injects, with `enqueued`, `completed` and `failed`.
   *
   * @throws DepotConfigError when it is not registered
   */
  queue<T = unknown>(name: string): TestQueue<T> {
    const queue = this.runtime.queue(name);
    const gated = this.gate.queues.get(name);
    if (queue && gated) return equip(queue.client, gated.ledger) as TestQueue<T>;
    throw new DepotConfigError(
      `queue '${name}' is not registered; there are: ${this.runtime.queueNames.join(', ') || 'none'}`,
    );
  }

  /** The tasks of a queue that are to run: waiting, then delayed, then blocked. */
  enqueued<T = unknown, N extends TaskName<T> = TaskName<T>>(
    queue: string,
    name?: N,
  ): readonly SnapshotOf<T, N>[] {
    return this.queue<T>(queue).enqueued(name);
  }

  /** The tasks of a queue that ended well and are kept. */
  completed<T = unknown, N extends TaskName<T> = TaskName<T>>(
    queue: string,
    name?: N,
  ): readonly SnapshotOf<T, N>[] {
    return this.queue<T>(queue).completed(name);
  }

  /** The tasks of a queue that are dead and kept. */
  failed<T = unknown, N extends TaskName<T> = TaskName<T>>(
    queue: string,
    name?: N,
  ): readonly SnapshotOf<T, N>[] {
    return this.queue<T>(queue).failed(name);
  }

  /**
   * Runs everything that is due to its end, with what that adds: tasks, retries that are due, handlers of events. The
   * clock stands still; a handler that waits for real things (a timer, a socket) is waited for.
   *
   * @param options.timeout real time that it may take. @default the kit's ('5s')
   * @throws NotDrainedError when a task stays waiting or active, saying which and why; at once when nothing can change that
   */
  async drain(options: { readonly timeout?: Duration } = {}): Promise<void> {
    this.check();
    await this.conductor.drain(timeoutMs(options));
  }

  /**
   * Moves the clock forward. It goes from one moment at which something falls due to the next, and runs what is due
   * before it goes on: delays, retries, time-outs, limits, and the ttls of cache and locks follow in their order. What
   * can't run (a paused queue) stays, and so does a handler that has not ended after `patience`.
   *
   * @param options.timeout real time that each of these moments may take. @default the kit's ('5s')
   * @throws NotDrainedError when tasks keep adding tasks for longer than that
   */
  async advance(by: Duration, options: { readonly timeout?: Duration } = {}): Promise<void> {
    this.check();
    await this.conductor.advance(toMs(by, 'advance'), timeoutMs(options));
  }

  /** Closes the application. Handlers that hang are given up as `shutdownTimeout` says, without waiting so long. Harmless when repeated. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async end(): Promise<void> {
    const closed = this.app.close();
    await this.conductor.see(closed);
    await closed;
  }

  private check(): void {
    if (this.closing) throw new EngineClosedError('the test kit is closed');
  }
}

function runtimeOf(module: TestingModule): DepotRuntime {
  try {
    return module.get(DepotRuntime, { strict: false });
  } catch (cause) {
    throw new DepotConfigError('no module of the application imports DepotModule.forRoot or forRootAsync', {
      cause,
    });
  }
}

function apply(builder: TestingModuleBuilder, override: ProviderOverride): void {
  const by = builder.overrideProvider(override.provide);
  if ('useClass' in override) by.useClass(override.useClass);
  else if ('useFactory' in override) {
    const { useFactory: factory, inject } = override;
    by.useFactory({ factory, ...(inject && { inject: [...inject] }) });
  } else by.useValue(override.useValue);
}

function timeoutMs({ timeout }: { readonly timeout?: Duration }): number | undefined {
  return timeout === undefined ? undefined : toMs(timeout, 'timeout');
}
