import { silentLogger, type DepotLogger } from '../../../lib/common/logger.js';
import type { Clock } from '../../../lib/common/clock.js';
import { EventSubscription } from '../../../lib/task/event.subscription.js';
import { QueueClient, type QueueClientSettings } from '../../../lib/task/queue.client.js';
import { queueBackpressure } from '../../../lib/task/queue.limits.js';
import type { QueueBroker } from '../../../lib/task/task.broker.js';
import { TaskCodec } from '../../../lib/task/task.codec.js';

interface Around {
  readonly settings?: Partial<QueueClientSettings>;
  readonly listen?: () => Promise<void>;
  readonly logger?: DepotLogger;
}

/** A queue's client on any broker, with small settings. */
export function clientOf(broker: QueueBroker, clock: Clock, around: Around = {}): QueueClient {
  const { settings, listen = async () => undefined, logger = silentLogger } = around;
  const events = new EventSubscription(broker, clock, logger, listen);
  return new QueueClient(
    { broker, listen, events, clock, codec: TaskCodec.plain, logger },
    {
      maxPayloadBytes: 1_000,
      resultTimeoutMs: 1_000,
      offlineWaitMs: 1_000,
      backpressure: queueBackpressure({}, "queue 'work'"),
      ...settings,
    },
  );
}
