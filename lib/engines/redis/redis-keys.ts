const PRIORITIES = Array.from({ length: 10 }, (_, priority) => priority);
const WORK = [
  ...['waiting', 'suspects', 'delayed', 'active', 'parked', 'expiry', 'lanes', 'heldgroups'],
  ...PRIORITIES.flatMap((priority) => [`waiting:${priority}`, `group:${priority}`]),
];

/** Every key name of the library on Redis is built here, but for those below a prefix of the cache and of filters (cache-keys.ts, redis-filter.keys.ts). `namespace` comes first; one queue or lock is one hash tag. */
export class RedisKeys {
  /** Before the name of the list on which a process is pushed tasks and news: `ns:wake:<process>`. */
  readonly wakePrefix: string;

  constructor(private readonly namespace: string) {
    this.wakePrefix = `${namespace}:wake:`;
  }

  /** Before every key of a queue: `ns:{queue}:`, of its event queue `ns:{queue}:on:`. */
  queue(name: string): string {
    const main = name.replace(/\{on\}$/, '');
    return `${this.namespace}:{${main}}:${main === name ? '' : 'on:'}`;
  }

  /** Of these keys one exists whenever a queue has anything that its consumers have to look at, now or later. */
  work(name: string): readonly string[] {
    const prefix = this.queue(name);
    return WORK.map((key) => prefix + key);
  }

  wake(process: string): string {
    return this.wakePrefix + process;
  }

  /** Before every key of a cache that other processes have to hear of, and of no other key. */
  get cachePrefix(): string {
    return `${this.namespace}:cache:`;
  }

  /** Before the leases of caches. */
  get fillPrefix(): string {
    return `${this.namespace}:fill:`;
  }

  /** The channel for what no change of an entry says to those who wait. */
  get cacheNews(): string {
    return `${this.namespace}:cachenews`;
  }

  /** The keys of a lock, in one slot whatever the user's key holds. */
  lock(key: string): { readonly state: string; readonly waiting: string } {
    const state = `${this.namespace}:lock:{${inHashTag(key)}}`;
    return { state, waiting: `${state}:waiting` };
  }

  /** The channel on which a process is told of locks that it is handed. */
  lockChannel(process: string): string {
    return `${this.namespace}:locks:${process}`;
  }
}

/** A brace within the tag would end it, or make it empty, and spread the keys over the slots of a cluster. */
export function inHashTag(name: string): string {
  return name.replace(/[%{}]/g, encodeURIComponent);
}
