import type { INestApplicationContext, InjectionToken, ModuleMetadata, Type } from '@nestjs/common';
import type { TestingModule, TestingModuleBuilder } from '@nestjs/testing';
import { DepotConfigError, show } from '../common/errors.js';
import { toMs, type Duration } from '../common/duration.js';
import { checkKeys } from '../common/options.js';

/** Options of `DepotTesting.create`. */
export interface DepotTestingOptions<A extends INestApplicationContext = TestingModule> {
  /** The modules under test, one of them, or one that they import, with `DepotModule.forRoot`. They need no change. */
  readonly imports?: ModuleMetadata['imports'];
  readonly providers?: ModuleMetadata['providers'];
  readonly controllers?: ModuleMetadata['controllers'];
  /** What takes the place of the application's own providers. */
  readonly overrides?: readonly ProviderOverride[];
  /** Everything else that Nest's builder can do: guards, pipes, modules, a mocker. */
  readonly configure?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /**
   * Makes the application from the compiled module, e.g. one that answers HTTP requests; the kit starts it.
   *
   * @default the module itself, an application context
   * @example app: (module) => module.createNestApplication()
   */
  readonly app?: (module: TestingModule) => A | Promise<A>;
  /** The time at which the clock stands. @default the real time */
  readonly startAt?: Date | number;
  /**
   * `manual`: no task runs but in `drain` and `advance`. `auto`: tasks run as soon as they are due, e.g. for a request
   * that waits for a task's result; the clock stands still all the same.
   *
   * @default 'manual'
   */
  readonly workers?: 'manual' | 'auto';
  /** How long, in real time, `drain` and each moment of `advance` may take. @default '5s' */
  readonly timeout?: Duration;
  /**
   * How long, in real time, `advance` waits for running handlers while nothing else happens, before it takes them for
   * handlers that wait for the clock and moves it.
   *
   * @default '250ms'
   */
  readonly patience?: Duration;
}

/** What takes the place of a provider. */
export type ProviderOverride = { readonly provide: InjectionToken } & (
  | { readonly useValue: unknown }
  | { readonly useClass: Type }
  | { readonly useFactory: (...args: never[]) => unknown; readonly inject?: readonly InjectionToken[] }
);

export interface TestingSettings {
  readonly startAtMs: number;
  readonly workers: 'manual' | 'auto';
  readonly timeoutMs: number;
  readonly patienceMs: number;
}

/** @throws DepotConfigError naming the option, its value and what is expected */
export function testingSettings<A extends INestApplicationContext>(
  options: DepotTestingOptions<A>,
): TestingSettings {
  checkKeys(options, 'DepotTesting.create', [
    'imports',
    'providers',
    'controllers',
    'overrides',
    'configure',
    'app',
    'startAt',
    'workers',
    'timeout',
    'patience',
  ]);
  const { workers = 'manual' } = options;
  if (!['manual', 'auto'].includes(workers)) {
    throw new DepotConfigError(`workers is ${show(workers)}; expected 'manual' or 'auto'`);
  }
  return {
    startAtMs: startAtMs(options.startAt),
    workers,
    timeoutMs: toMs(options.timeout ?? '5s', 'timeout'),
    patienceMs: toMs(options.patience ?? '250ms', 'patience'),
  };
}

function startAtMs(startAt: unknown): number {
  const ms = startAt === undefined ? Date.now() : startAt instanceof Date ? startAt.getTime() : startAt;
  if (typeof ms === 'number' && Number.isFinite(ms) && ms >= 0) return ms;
  throw new DepotConfigError(
    `startAt is ${show(startAt)}; expected a valid Date, or milliseconds since the epoch`,
  );
}
