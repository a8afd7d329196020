/** How the contenders of the task suites are set up. */
export const TASK_SETTINGS = {
  depot: 'a Nest application, DepotModule.forRoot({ redis }), all defaults but the concurrency',
  bullmq: 'removeOnComplete and removeOnFail: nothing is kept; no QueueEvents; everything else by default',
  'bee-queue':
    'isWorker: false for producers; getEvents, sendEvents, storeJobs: false; removeOnSuccess: true; bulk by saveAll',
  groupmq:
    '1,000 groups in turn, as one would run one task after the other; keeps nothing; bulk by autoBatch of 500',
  ioredis:
    'the floor: RPUSH of the payload, LPOP of as many as the concurrency; no ids, leases or retries, tasks in hand are lost',
} as const;
