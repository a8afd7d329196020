import assert from 'node:assert/strict';
import { AppProcess } from '../test/acceptance/app-process.js';
import type { Handled, LoadAppSettings } from '../test/acceptance/apps/load.app.js';
import { eventually } from '../test/support/eventually.js';
import { uniqueNamespace } from '../test/support/namespace.js';

const PATIENCE = { within: 60_000 };

/** Adds of one process, a second. Nobody works on them. */
export async function addRate(
  redis: string | undefined,
  count: number,
  how: 'add' | 'addOneByOne',
): Promise<number> {
  await using app = await AppProcess.start('load', settings(redis, { works: false }));
  await app.call('add', 100);
  const ms = await app.call<number>(how, count);
  await app.stop();
  return perSecond(count, ms);
}

/** Tasks a second, from the first add to the end of the last handler, in one process. */
export async function addAndRunRate(
  redis: string | undefined,
  tasks: number,
  concurrency: number,
): Promise<number> {
  await using app = await AppProcess.start('load', settings(redis, { works: true, concurrency }));
  const begun = Date.now();
  await app.call('add', tasks);
  const { lastAt } = await handled([app], tasks);
  await app.stop();
  return perSecond(tasks, lastAt - begun);
}

/** Tasks a second of worker processes that find a full queue, from the first handler to the last. */
export async function runRate(
  redis: string,
  tasks: number,
  concurrency: number,
  workers: number,
): Promise<number> {
  const common = settings(redis, { works: true, concurrency });
  await using producer = await AppProcess.start('load', { ...common, works: false });
  await producer.call('add', tasks);
  await producer.stop();
  const apps = await Promise.all(Array.from({ length: workers }, () => AppProcess.start('load', common)));
  try {
    const { firstAt, lastAt } = await handled(apps, tasks);
    await Promise.all(apps.map((app) => app.stop()));
    return perSecond(tasks, lastAt - firstAt);
  } finally {
    await Promise.all(apps.map((app) => app.kill()));
  }
}

function settings(
  redis: string | undefined,
  options: { works: boolean; concurrency?: number },
): LoadAppSettings {
  return { redis, namespace: uniqueNamespace('load'), concurrency: 100, ...options };
}

async function handled(apps: readonly AppProcess[], tasks: number): Promise<Handled> {
  return eventually(async () => {
    const all = await Promise.all(apps.map((app) => app.call<Handled>('handled')));
    assert.equal(
      all.reduce((sum, one) => sum + one.tasks, 0),
      tasks,
    );
    const busy = all.filter((one) => one.tasks > 0);
    return {
      tasks,
      firstAt: Math.min(...busy.map(({ firstAt }) => firstAt)),
      lastAt: Math.max(...busy.map(({ lastAt }) => lastAt)),
    };
  }, PATIENCE);
}

const perSecond = (count: number, ms: number): number => Math.round((count / Math.max(1, ms)) * 1_000);
