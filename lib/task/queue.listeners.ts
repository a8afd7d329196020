import { DepotConfigError, show, toError } from '../common/errors.js';
import type { DepotLogger } from '../common/logger.js';
import { TASK_EVENTS, type EventRecord } from './event.record.js';
import type { EventSubscription } from './event.subscription.js';
import type { StopListening } from './queue.js';
import { isTaskEventName, readTaskEvent, type TaskEvent } from './task.event.js';
import type { TaskCodec } from './task.codec.js';

/** The functions of this process that want to know of a queue's tasks. */
export class QueueListeners {
  constructor(
    private readonly queue: string,
    private readonly events: EventSubscription,
    private readonly codec: Pick<TaskCodec, 'decode'>,
    private readonly logger: DepotLogger,
  ) {}

  /** @throws DepotConfigError when there is no such event */
  on(event: unknown, listener: (event: TaskEvent) => unknown): StopListening {
    if (!isTaskEventName(event)) {
      throw new DepotConfigError(`the event is ${show(event)}; expected one of ${TASK_EVENTS.join(', ')}`);
    }
    if (typeof listener !== 'function') {
      throw new DepotConfigError(`the listener of '${event}' is ${show(listener)}; expected a function`);
    }
    const stop = this.events.push(event, (record) => void this.tell(listener, record));
    const { ready } = this.events;
    return Object.assign(() => stop(), { ready });
  }

  private async tell(listener: (event: TaskEvent) => unknown, record: EventRecord): Promise<void> {
    try {
      await listener(readTaskEvent(this.queue, record, this.codec));
    } catch (error) {
      const { message, stack } = toError(error);
      this.logger.error(
        `Queue '${this.queue}': a listener of '${record.name}' failed on task ${record.id}: ${message}`,
        stack,
      );
    }
  }
}
