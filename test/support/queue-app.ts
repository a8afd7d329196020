import type { INestApplicationContext, Provider } from '@nestjs/common';
import { DepotModule, type DepotOptions, type Queue, type QueueOptions } from 'nestjs-depot';
import { appModule, optionsFor, queueOf, startApp, type EngineName } from './app.js';
import { RecordingLogger } from './recording-logger.js';

interface Setup {
  readonly queue?: Omit<QueueOptions, 'name'>;
  readonly providers?: Provider[];
  readonly depot?: DepotOptions;
}

interface Started<T> {
  readonly app: INestApplicationContext;
  readonly queue: Queue<T>;
  readonly logger: RecordingLogger;
  /** With these a second process joins in. */
  readonly options: DepotOptions;
}

/** Starts an application with one queue, 'work', that has these options. */
export async function startQueue<T = unknown>(engine: EngineName, setup: Setup = {}): Promise<Started<T>> {
  const logger = new RecordingLogger();
  const options: DepotOptions = { ...optionsFor(engine, setup.depot), logger };
  const { providers = [] } = setup;
  const imports = [DepotModule.registerQueue({ name: 'work', ...setup.queue })];
  const app = await startApp(appModule(options, [], { imports, providers }));
  return { app, queue: queueOf<T>(app, 'work'), logger, options };
}
