import type { TaskContender } from './task.contender.js';

/** A process loads only its own. */
const CONTENDERS: Readonly<Record<string, () => Promise<TaskContender>>> = {
  depot: async () => (await import('./depot.contender.js')).depot,
  bullmq: async () => (await import('./bullmq.contender.js')).bullmq,
  'bee-queue': async () => (await import('./bee-queue.contender.js')).beeQueue,
  groupmq: async () => (await import('./groupmq.contender.js')).groupmq,
  ioredis: async () => (await import('./ioredis.contender.js')).ioredis,
};

export function contenderOf(name: string): Promise<TaskContender> {
  const load = CONTENDERS[name];
  if (!load) throw new Error(`there is no contender ${name}`);
  return load();
}
