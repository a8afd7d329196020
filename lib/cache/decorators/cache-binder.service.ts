import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { bindCache } from './cache.binding.js';
import { CacheService } from '../cache.service.js';

/**
 * Gives the cache to objects that Nest did not construct itself, from factory and value providers. Those of class
 * providers, of any scope, have it injected; what a request-scoped factory makes can't be reached.
 */
@Injectable()
export class CacheBinder {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly cache: CacheService,
  ) {}

  /** To be called once all modules are initialised. Harmless when repeated. */
  bind(): void {
    for (const module of this.modules.values()) {
      for (const wrapper of [
        ...module.providers.values(),
        ...module.injectables.values(),
        ...module.controllers.values(),
      ]) {
        bindCache(wrapper.instance, this.cache);
      }
    }
  }
}
