import type { ModulesContainer } from '@nestjs/core';

/**
 * All objects of an application, from class, factory and value providers, and its controllers. Of a scoped provider Nest has
 * one that no constructor has seen; what a request-scoped factory makes can't be reached.
 */
export function* instancesOf(modules: ModulesContainer): Generator {
  for (const module of modules.values()) {
    for (const { instance } of [
      ...module.providers.values(),
      ...module.injectables.values(),
      ...module.controllers.values(),
    ]) {
      yield instance;
    }
  }
}

/** The classes of these objects, each once. */
export function prototypesAmong(instances: Iterable<unknown>): ReadonlySet<object> {
  const prototypes = new Set<object>();
  for (const instance of instances) {
    if (typeof instance !== 'object' || instance === null) continue;
    const prototype = Object.getPrototypeOf(instance) as object | null;
    if (prototype !== null) prototypes.add(prototype);
  }
  return prototypes;
}
