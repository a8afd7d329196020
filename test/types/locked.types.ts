/** `@Locked` gets the types of its functions from the method below it, and `locked` of a processor from its own signature. */
import {
  HeldLock,
  Locked,
  Processor,
  Task,
  type Lock,
  type LockSet,
  type Queue,
  type TaskContext,
} from 'nestjs-depot';
import { of, type Observable } from 'rxjs';
import { exactly } from './exactly.js';

interface Order {
  readonly id: number;
  readonly customer: string;
}

export class OrderService {
  @Locked({
    key: (order, note) => {
      exactly<typeof order, Order>(true);
      exactly<typeof note, string | undefined>(true);
      return `order:${order.id}${note ?? ''}`;
    },
    ttl: '10s',
    renew: false,
    mode: 'read',
    wait: '2s',
    onConflict: 'throw',
  })
  async ship(order: Order, note?: string): Promise<number> {
    return order.id + (note?.length ?? 0);
  }

  @Locked({ key: (from, to) => [`account:${from}`, `account:${to}`] })
  async transfer(from: number, to: number, @HeldLock() locks?: LockSet): Promise<number> {
    return from + to + (locks?.locks.length ?? 0);
  }

  @Locked({ key: 'report', permits: 5, take: 2 })
  async report(@HeldLock() lock?: Lock): Promise<number | undefined> {
    return lock?.fencingToken;
  }

  @Locked({ key: ['a', 'b'], onConflict: 'defer', delay: '5s' })
  observed(): Observable<number> {
    return of(1);
  }

  // @ts-expect-error a key has to be told
  @Locked({ ttl: '10s' })
  async withoutKey(): Promise<void> {}

  // @ts-expect-error the parameter is a number
  @Locked({ key: (id: string) => id })
  async wrongParameter(id: number): Promise<number> {
    return id;
  }

  // @ts-expect-error one parameter more than the method has
  @Locked({ key: (id, other) => `${id}:${String(other)}` })
  async wrongCount(id: number): Promise<number> {
    return id;
  }

  // @ts-expect-error a key is no number
  @Locked({ key: (id) => id })
  async numberAsKey(id: number): Promise<number> {
    return id;
  }

  // @ts-expect-error there is no such property
  @Locked({ key: (order) => `order:${order.number}` })
  async wrongProperty(order: Order): Promise<number> {
    return order.id;
  }

  // @ts-expect-error the method is not async
  @Locked({ key: 'k' })
  synchronous(): number {
    return 1;
  }

  // @ts-expect-error there is no such way
  @Locked({ key: 'k', onConflict: 'retry' })
  async wrongConflict(): Promise<void> {}

  // @ts-expect-error a wrong unit
  @Locked({ key: 'k', ttl: '1 minute' })
  async wrongUnit(): Promise<void> {}

  // @ts-expect-error there is no such option
  @Locked({ key: 'k', timeout: '1s' })
  async unknownOption(): Promise<void> {}

  // @ts-expect-error what the caller holds is said where he calls
  @Locked({ key: 'k', within: undefined })
  async within(): Promise<void> {}
}

@Processor('orders', {
  concurrency: 5,
  locked: {
    key: (order: Order, task) => {
      exactly<typeof task, TaskContext>(true);
      return order.customer === '' ? undefined : `${task.name}:${order.id}`;
    },
    ttl: '10s',
    wait: '1s',
    delay: '5s',
  },
})
export class OrderProcessor {
  @Task()
  async ship(order: Order, @HeldLock() lock?: Lock): Promise<number> {
    return order.id + (lock?.fencingToken ?? 0);
  }
}

/** The lock is nothing that a producer gives. */
export async function produce(orders: Queue<OrderProcessor>): Promise<number> {
  const handle = await orders.add('ship', { id: 1, customer: 'ann' });
  return handle.result();
}

// @ts-expect-error nobody has said what the payload is
@Processor('orders', { locked: { key: (order) => `${order.id}` } })
export class UnknownPayload {}

// @ts-expect-error a key is a text
@Processor('orders', { locked: { key: (order: Order) => order.id } })
export class NumberAsKey {}

// @ts-expect-error a key has to be told
@Processor('orders', { locked: { ttl: '1s' } })
export class WithoutKey {}
