import { parseArgs } from 'node:util';
import { playEmbedded } from './embedded.play.js';
import { playOnRedis } from './redis.play.js';
import { redisCommand } from './redis.server.js';
import { Stage } from './stage.js';
import { Story } from './story.js';

/** Usually it takes 10 to 20 seconds. */
const TIME_LIMIT_MS = 90_000;

const { values } = parseArgs({ options: { redis: { type: 'boolean', default: false } } });
const story = new Story();
const end = new AbortController();
const INTERRUPTED = new Error('interrupted');
const interrupt = (): void => end.abort(INTERRUPTED);
process.once('SIGINT', interrupt).once('SIGTERM', interrupt);

try {
  const command = values.redis ? redisCommand(story) : undefined;
  const limit = setTimeout(() => {
    end.abort(new Error(`the demo did not end within ${TIME_LIMIT_MS / 1_000} seconds`));
  }, TIME_LIMIT_MS);
  const stage = await Stage.open(end.signal);
  try {
    await (command === undefined ? playEmbedded(stage, story) : playOnRedis(stage, story, command));
    if (story.failures > 0) story.tell(`\n${stage.lastWords()}`);
  } catch (error) {
    if (end.signal.reason !== INTERRUPTED) story.tell(`\n${stage.lastWords()}`);
    throw error;
  } finally {
    clearTimeout(limit);
    await stage.close();
  }
} catch (thrown) {
  const error: unknown = end.signal.aborted ? end.signal.reason : thrown;
  story.check('the demo came to its end', false, error instanceof Error ? error.message : String(error));
}

const failures = story.failures;
story.chapter(failures === 0 ? 'All as promised.' : `${failures} not as promised, see above.`);
process.exitCode = failures === 0 ? 0 : 1;
