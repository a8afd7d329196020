import 'reflect-metadata';
import { Inject, Optional, type Type } from '@nestjs/common';

/**
 * What objects with decorated methods are given by the application that they live in. Two applications in one process have
 * each their own, so it hangs on the object; and beside it, so that a frozen object can have one and no test sees a property
 * it didn't expect.
 */
export class ObjectSlot<T extends object> {
  private readonly bound = new WeakMap<object, T>();
  /**
   * The property through which Nest injects it. On the prototype it is an accessor. A registered symbol: classes decorated by
   * one copy of this library are recognised by another.
   */
  private readonly symbol: symbol;

  /** @param token under which Nest has it */
  constructor(
    name: string,
    private readonly token: Type<T>,
  ) {
    this.symbol = Symbol.for(name);
  }

  /** Gives the class its slot, if it has none. */
  defineOn(prototype: object): void {
    if (this.symbol in prototype) return;
    const { bound } = this;
    Object.defineProperty(prototype, this.symbol, {
      configurable: true,
      get(this: object) {
        return bound.get(this);
      },
      set(this: object, value: T) {
        bound.set(this, value);
      },
    });
    Inject(this.token)(prototype, this.symbol);
    Optional()(prototype, this.symbol);
  }

  /** Binds an object whose class has the slot; any other stays as it is. */
  bind(instance: unknown, value: T): void {
    if (typeof instance !== 'object' || instance === null) return;
    // Asked of the prototype: an instance may be a proxy that has an answer to every name.
    const prototype: unknown = Object.getPrototypeOf(instance);
    if (typeof prototype !== 'object' || prototype === null || !(this.symbol in prototype)) return;
    // By the accessor: it may be that of another copy, whose decorators ask there.
    Reflect.set(prototype, this.symbol, value, instance);
  }

  /** What the object was given; nothing in a test that made it by hand. */
  of(instance: unknown): T | undefined {
    return typeof instance === 'object' && instance !== null ? this.bound.get(instance) : undefined;
  }
}
