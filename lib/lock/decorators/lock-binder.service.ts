import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { nameOfClass } from '../../common/decorators/decorated.method.js';
import { instancesOf, prototypesAmong } from '../../common/decorators/module.instances.js';
import { suppliedParameters } from '../../common/decorators/supplied.parameters.js';
import { DepotConfigError } from '../../common/errors.js';
import { LockService } from '../lock.service.js';
import { LOCKS, lockedMarks } from './lock.binding.js';

/**
 * Gives the locks to objects that Nest did not construct itself, from factory and value providers. Those of class
 * providers, of any scope, have them injected; what a request-scoped factory makes can't be reached.
 */
@Injectable()
export class LockBinder {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly locks: LockService,
  ) {}

  /**
   * To be called once all modules are initialised. Harmless when repeated.
   *
   * @throws DepotConfigError when a method wants a lock that it can't have
   */
  bind(): void {
    const instances = [...instancesOf(this.modules)];
    for (const instance of instances) LOCKS.bind(instance, this.locks);
    for (const prototype of prototypesAmong(instances)) {
      for (const [method, , declaring] of suppliedParameters.all(prototype)) {
        if (lockedMarks.on(declaring, method).length > 0) continue;
        throw new DepotConfigError(
          `@HeldLock() in ${nameOfClass(declaring)}.${String(method)}: the method has no @Locked(); expected both`,
        );
      }
    }
  }
}
