import type { DynamicModule, FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';
import { DepotRuntime } from './depot.runtime.js';

/** Options of something that is registered by name, from other providers. The name must be known before. */
export interface NamedAsyncOptions<O> {
  readonly name: string;
  readonly imports?: ModuleMetadata['imports'];
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: FactoryProvider<Omit<O, 'name'>>['useFactory'];
}

/** Where options come from. */
export type OptionsSource<O> = Pick<FactoryProvider<O>, 'useFactory' | 'inject'> &
  Pick<ModuleMetadata, 'imports'>;

export function fromProviders<O extends { readonly name: string }>({
  name,
  imports,
  inject,
  useFactory,
}: NamedAsyncOptions<O>): OptionsSource<O> {
  return {
    ...(imports && { imports }),
    ...(inject && { inject }),
    useFactory: async (...args: unknown[]) => ({ ...(await useFactory(...args)), name }) as O,
  };
}

/**
 * A module that provides what was registered, everywhere.
 *
 * @param module a class of its own for each kind
 * @param token under which it is provided; its options beside it
 */
export function registration<O>(
  module: Type,
  token: FactoryProvider['provide'],
  optionsToken: string,
  source: OptionsSource<O>,
  register: (runtime: DepotRuntime, options: O) => unknown,
): DynamicModule {
  return {
    module,
    global: true,
    imports: source.imports ?? [],
    providers: [
      { provide: optionsToken, useFactory: source.useFactory, inject: source.inject ?? [] },
      { provide: token, inject: [DepotRuntime, optionsToken], useFactory: register },
    ],
    exports: [token],
  };
}
