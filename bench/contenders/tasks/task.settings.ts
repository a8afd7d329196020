/** How the contenders of the task suites are set up. */
export const TASK_SETTINGS = {
  depot: 'a Nest application, DepotModule.forRoot({ redis }), all defaults but the concurrency',
  bullmq: 'removeOnComplete and removeOnFail: nothing is kept; no QueueEvents; everything else by default',
  'bee-queue':
    'isWorker: false for producers; getEvents, sendEvents, storeJobs: false; removeOnSuccess: true; bulk by saveAll; for delays activateDelayedJobs, delayedDebounce: 1',
  groupmq:
    'tasks belong to as many groups as can run at the same time, 10 to 600 (faster than more of them); keeps nothing; bulk by autoBatch of 500; for delays a group each, schedulerIntervalMs and schedulerLockTtlMs: 50',
  ioredis:
    'the floor: RPUSH of the payload, LPOP of as many as the concurrency; no ids, leases or retries, tasks in hand are lost',
} as const;

/** Those that do what this library does. */
export const TASK_PEERS = {
  depot: { settings: TASK_SETTINGS.depot },
  bullmq: { settings: TASK_SETTINGS.bullmq },
  'bee-queue': { settings: TASK_SETTINGS['bee-queue'] },
  groupmq: { settings: TASK_SETTINGS.groupmq },
} as const;

/** And the floor. */
export const TASK_CONTENDERS = {
  ...TASK_PEERS,
  ioredis: { settings: TASK_SETTINGS.ioredis, floor: true },
} as const;
