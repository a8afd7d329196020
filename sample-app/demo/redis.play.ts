import { randomBytes } from 'node:crypto';
import { LocalMailServer } from '../mail/local-mail.server.js';
import { checkSecrecy } from './checks/secrecy.check.js';
import { startApi } from './embedded.play.js';
import { perform } from './play.js';
import { startRedis } from './redis.server.js';
import type { Stage } from './stage.js';
import type { Story } from './story.js';
import { killOneAtWork } from './worker.killer.js';

/** An API process that does no work, two workers that do nothing else, and one of them is killed in the middle of it. */
export async function playOnRedis(stage: Stage, story: Story, redisCommand: string): Promise<void> {
  story.chapter('Postcards on Redis: one API process, two workers');
  const redis = await startRedis(stage, redisCommand);
  // One for all processes: it must remember whom it has put off.
  const mailServer = new LocalMailServer(stage.mails);
  try {
    const keys = `demo:${randomBytes(32).toString('base64')}`;
    const env = { REDIS_URL: redis, SMTP_URL: await mailServer.start(), CONCURRENCY: '3', TASK_KEYS: keys };
    const workers = ['first', 'second'].map(() => stage.app('worker', env));
    const { api, url } = await startApi(stage, { ...env, WORKERS: 'none' });
    await Promise.all(workers.map((worker) => worker.prints(/working on: /, stage.signal)));
    story.tell(`Redis on ${redis}`);
    story.tell(`API on ${url}, pid ${api.pid}; workers ${workers.map(({ pid }) => pid).join(' and ')}`);

    const reportsFrom = ['pt-lisbon', 'jp-kyoto', 'ke-nairobi', 'pe-lima'];
    const meanwhile = () => killOneAtWork(workers, stage.ledger, story, stage.signal);
    await perform({ url, reportsFrom, slots: 3, workers: workers.length, meanwhile }, stage, story);
    await checkSecrecy(stage.redis, story);

    const stopped = await Promise.all(
      [api, ...workers].filter(({ running }) => running).map((child) => child.stop()),
    );
    story.check('the others stop when they are asked to', stopped.every(Boolean), 'SIGTERM');
  } finally {
    await mailServer.stop();
  }
}
