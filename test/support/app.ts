import 'reflect-metadata';
import { afterEach } from '@jest/globals';
import { Module, type INestApplicationContext, type ModuleMetadata, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DepotModule, getQueueToken, type DepotOptions, type Queue } from 'nestjs-depot';
import { uniqueNamespace } from './namespace.js';
import { sharedRedisUrl } from './shared-redis.js';

export type EngineName = 'embedded' | 'redis';
export const ENGINES: readonly EngineName[] = ['embedded', 'redis'];

/** Options for an engine, in a namespace of its own. */
export function optionsFor(engine: EngineName, options: DepotOptions = {}): DepotOptions {
  return {
    namespace: uniqueNamespace(),
    logger: false,
    shutdownTimeout: '5s',
    ...(engine === 'redis' && { redis: sharedRedisUrl() }),
    ...options,
  };
}

const running = new Set<INestApplicationContext>();

/** Starts an application; it is closed after the test, if it is not by then. */
export async function startApp(module: Type): Promise<INestApplicationContext> {
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  running.add(app);
  return app;
}

export async function closeApp(app: INestApplicationContext): Promise<void> {
  running.delete(app);
  await app.close();
}

afterEach(async () => {
  await Promise.all([...running].map(closeApp));
});

/** A root module with the depot, its queues and these providers. */
export function appModule(
  options: DepotOptions,
  queues: readonly string[],
  metadata: Pick<ModuleMetadata, 'providers' | 'imports'> = {},
): Type {
  class AppModule {}
  Module({
    ...metadata,
    imports: [
      DepotModule.forRoot(options),
      ...queues.map((name) => DepotModule.registerQueue({ name })),
      ...(metadata.imports ?? []),
    ],
  })(AppModule);
  return AppModule;
}

export const queueOf = <T = unknown>(app: INestApplicationContext, name: string): Queue<T> =>
  app.get<Queue<T>>(getQueueToken(name));

/** A promise that is settled from outside: what a test waits for instead of sleeping. */
export function signal<T = void>(): { readonly given: Promise<T>; give(value: T): void } {
  const { promise, resolve } = withResolvers<T>();
  return { given: promise, give: resolve };
}

function withResolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}
