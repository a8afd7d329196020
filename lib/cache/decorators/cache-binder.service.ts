import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { instancesOf, prototypesAmong } from '../../common/decorators/module.instances.js';
import { DepotConfigError } from '../../common/errors.js';
import { CacheRegistry } from '../cache.registry.js';
import { CACHES } from './cache.binding.js';
import { cacheMarks } from './cache.marks.js';

/**
 * Gives the caches to objects that Nest did not construct itself, from factory and value providers. Those of class
 * providers, of any scope, have them injected; what a request-scoped factory makes can't be reached.
 */
@Injectable()
export class CacheBinder {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly caches: CacheRegistry,
  ) {}

  /**
   * To be called once all modules are initialised. Harmless when repeated.
   *
   * @throws DepotConfigError when a decorator names a cache that there is not, or two classes would mix up their entries
   */
  bind(): void {
    const instances = [...instancesOf(this.modules)];
    for (const instance of instances) CACHES.bind(instance, this.caches);
    this.check(prototypesAmong(instances));
  }

  private check(classes: ReadonlySet<object>): void {
    const owners = new Map<string, object>();
    for (const prototype of classes) {
      for (const [method, { place, title, target, hasDefaultKey }] of cacheMarks.all(prototype)) {
        place.in(this.caches);
        if (place.isOfMethod) claim(owners, place.id, target, title);
        if (hasDefaultKey) {
          const name = `${prototype.constructor.name}.${String(method)}`;
          claim(owners, `${name} in ${place.id}`, prototype, title);
        }
      }
    }
  }
}

function claim(owners: Map<string, object>, name: string, owner: object, title: string): void {
  const known = owners.get(name) ?? owner;
  owners.set(name, known);
  if (known === owner) return;
  throw new DepotConfigError(
    `${title}: there are two classes of the name ${owner.constructor.name}, and each would find what the other one stored; expected another name, or a key and no store`,
  );
}
