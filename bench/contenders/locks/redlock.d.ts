/** As much of redlock 4 as is used here; it comes without types. */
declare module 'redlock' {
  import type { Redis } from 'ioredis';

  interface Options {
    readonly retryCount?: number;
    readonly retryDelay?: number;
    readonly retryJitter?: number;
  }

  interface Lock {
    /** Rejects when the lock was lost. */
    unlock(): Promise<void>;
  }

  export default class Redlock {
    constructor(clients: readonly Redis[], options?: Options);
    lock(key: string, ttl: number): Promise<Lock>;
  }
}
