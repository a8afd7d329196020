import { afterEach } from '@jest/globals';
import { Global, Logger, Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { silentLogger } from '../../../lib/common/logger.js';
import { EmbeddedLockStore } from '../../../lib/engines/embedded/embedded-lock.store.js';
import { LockBinder } from '../../../lib/lock/decorators/lock-binder.service.js';
import { LockService } from '../../../lib/lock/lock.service.js';
import type { LockStore } from '../../../lib/lock/lock.store.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';

/** Ttl of locks that are acquired without one. */
export const TTL = 9_000;

export const locksOn = (clock: ManualClock, store: LockStore = new EmbeddedLockStore(clock)): LockService =>
  new LockService(store, { ttlMs: TTL }, clock, silentLogger);

/** What of `DepotModule` the decorators need. */
@Global()
@Module({})
class FakeDepotModule {
  static over(clock: ManualClock, store?: LockStore): DynamicModule {
    const locks = { provide: LockService, useFactory: () => locksOn(clock, store) };
    return { module: FakeDepotModule, providers: [locks, LockBinder], exports: [locks, LockBinder] };
  }
}

export interface LockAppOptions {
  readonly clock?: ManualClock;
  /** @default one of the application's own, in memory */
  readonly store?: LockStore;
  readonly controllers?: Type[];
}

/** An application with these providers, as it is once it has started. */
export async function createApp(
  providers: Provider[],
  { clock = new ManualClock(), store, controllers = [] }: LockAppOptions = {},
): Promise<TestingModule> {
  const imports = [FakeDepotModule.over(clock, store)];
  const app = await Test.createTestingModule({ imports, providers, controllers }).compile();
  await app.init();
  app.get(LockBinder).bind();
  return app;
}

/** What Nest's own logger is told from now on. */
export function nestLog(): RecordingLogger {
  const logger = new RecordingLogger();
  Logger.overrideLogger(logger);
  return logger;
}

afterEach(() => {
  Logger.overrideLogger(['fatal', 'error', 'warn', 'log']);
});
