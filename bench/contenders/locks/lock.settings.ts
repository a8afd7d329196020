/** How the contenders of the lock suite are set up. */
export const LOCK_SETTINGS = {
  depot: 'a Nest application, all defaults: renewal, fencing tokens, waiters are served in order and woken',
  'redis-semaphore': 'Mutex, all defaults: renewal, who waits asks again every 10 ms, in no order',
  'redlock-universal':
    'createLock on one Redis, lean: no renewal; who waits asks again every 5 ms, in no order (by default 3 times, 100 ms apart, which gives up here)',
  ioredis:
    'the floor: a token in a list, LPOP or else BLPOP on a connection for each waiter, RPUSH; no owner, no ttl, it dies with its holder',
} as const;
