import { expect, it } from '@jest/globals';
import { EmbeddedTaskBroker } from '../../../lib/engines/embedded/embedded-task.broker.js';
import { EmbeddedTaskStore } from '../../../lib/engines/embedded/embedded-task.store.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { SETTINGS, task } from '../../contract/task-broker.fleet.js';
import { eventually } from '../../support/eventually.js';
import { ManualClock } from '../../support/manual-clock.js';

it('goes on delivering pushes after a listener has thrown, and says so', async () => {
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
  const broker = new EmbeddedTaskBroker(new EmbeddedTaskStore(new ManualClock()), 'p', logger);
  const queue = broker.queue(SETTINGS);
  const handed: string[] = [];
  queue.onPush((push) => {
    if (push.kind !== 'task') return;
    handed.push(push.task.id);
    throw new Error('not now');
  });
  await broker.listen();
  await queue.step((await queue.join()).consumer, [], 2);
  await queue.add([task('a')]);
  await queue.add([task('b')]);
  await eventually(() => expect(handed).toEqual(['a', 'b']));
  expect(errors).toEqual(Array(2).fill('A push could not be handled: not now'));
  broker.close();
});
