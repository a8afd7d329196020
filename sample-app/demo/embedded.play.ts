import type { Child } from './child.process.js';
import { perform } from './play.js';
import type { Stage } from './stage.js';
import type { Story } from './story.js';

const LISTENING = /listening on (http:\S+)/;

/** Starts an API process. @returns its URL */
export async function startApi(
  stage: Stage,
  env: Record<string, string>,
): Promise<{ api: Child; url: string }> {
  const api = stage.app('main', env);
  const [, url = ''] = await api.prints(LISTENING, stage.signal);
  return { api, url };
}

/** One process does everything, and there is nothing else: the embedded engine. */
export async function playEmbedded(stage: Stage, story: Story): Promise<void> {
  story.chapter('Postcards on the embedded engine: one process, no Redis');
  const { api, url } = await startApi(stage, {});
  story.tell(`the app listens on ${url}, pid ${api.pid}`);
  await perform({ url, reportsFrom: ['pt-lisbon'], slots: 4, workers: 1 }, stage, story);
  story.check('the app stops when it is asked to', await api.stop(), 'SIGTERM');
}
