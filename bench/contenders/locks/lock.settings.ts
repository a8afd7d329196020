/** How the contenders of the lock suite are set up. */
export const LOCK_SETTINGS = {
  depot: 'a Nest application, all defaults: renewal, fencing tokens, who waits is handed the lock, in order',
  'redis-semaphore': 'Mutex, all defaults: renewal, who waits asks again every 10 ms, in no order',
  redlock:
    'on one Redis, no renewal; who waits asks again every 10 to 15 ms, in no order (by default 10 times, every 200 to 300 ms, which gives up here)',
  'redlock-universal':
    'createLock on one Redis, lean: no renewal; who waits asks again every 5 ms, in no order (by default 3 times, 100 ms apart, which gives up here)',
  ioredis:
    'the floor: a token in a list, LPOP or else BLPOP on a connection for each waiter, RPUSH; no owner, no ttl, it dies with its holder',
} as const;
