import { Logger } from '@nestjs/common';
import { decorate, siteOf, type Site } from '../../common/decorators/decorated.method.js';
import { prototypesBelow } from '../../common/decorators/method.marks.js';
import type { ArgumentsOf, DecoratorOf, LaterMethod } from '../../common/decorators/method.types.js';
import { suppliedParameters } from '../../common/decorators/supplied.parameters.js';
import { DepotConfigError } from '../../common/errors.js';
import { LOCKS, lockedMarks } from './lock.binding.js';
import { LockedMethod } from './locked.method.js';
import type { ErasedLockedOptions, LockedOptions } from './locked.options.js';

/**
 * Runs a method under a lock, in one process at a time: `LockService.acquire` before it, `release` after it, whatever
 * happens. For methods of providers and controllers that are async or return an Observable, which has to be declared as the
 * return type and holds the lock from when it is subscribed to its end. Where no `DepotModule` is at hand, as in a unit test,
 * the method runs without a lock, and a warning says so.
 *
 * A locked method that calls another one with the same key waits for itself: pass the lock on, as `within` of
 * `LockService.run`. An override with a `@Locked` of its own takes the place of that above it, and `super` runs under its lock.
 *
 * ```ts
 * @Locked({ key: (orderId) => `order:${orderId}`, ttl: '10s', onConflict: 'throw' })
 * async ship(orderId: string): Promise<void> {}
 * ```
 *
 * @throws DepotConfigError when the class is defined, for a bad option or on what is not a method of an instance. A call
 * rejects with `LockTimeoutError` or `LockConflictError` when it is not granted the lock
 */
export function Locked<F extends LaterMethod>(
  options: LockedOptions<ArgumentsOf<NoInfer<F>>>,
): DecoratorOf<F> {
  return (target, name, descriptor) => {
    const site = siteOf('@Locked', target, name, descriptor);
    checkKind(site);
    const method = new LockedMethod(
      site,
      options as unknown as ErasedLockedOptions,
      suppliedParameters.on(target, name),
    );
    decorate(site, descriptor, {
      slot: LOCKS,
      around: (call) => (isLockedBelow(call.instance, site) ? call.run() : method.answer(call)),
      unbound: warnOnce(site.title),
    });
    lockedMarks.add(target, name, site.title);
  };
}

/** It can't be called to find out what it returns: that would be without the lock. */
function checkKind({ kind, title }: Site): void {
  if (kind !== 'unknown') return;
  throw new DepotConfigError(
    `${title}: its return type is neither a promise nor an Observable, as far as the compiler has told; expected an async method, Promise<…>, or Observable<…> that is not imported as a type alone`,
  );
}

/** By `super`, from an override that is locked: its lock may be the same, and waiting for it would be waiting for oneself. */
function isLockedBelow(instance: object, { target, name }: Site): boolean {
  for (const prototype of prototypesBelow(instance, target)) {
    if (lockedMarks.on(prototype, name).length > 0) return true;
  }
  return false;
}

/** Without the lock whatever it protects may happen twice, and nothing else would show it. */
function warnOnce(title: string): () => void {
  let isTold = false;
  return () => {
    if (isTold) return;
    isTold = true;
    new Logger('Depot').warn(
      `${title} ran without a lock: DepotModule is not imported, or its object is not a provider that Nest had when the application started`,
    );
  };
}
