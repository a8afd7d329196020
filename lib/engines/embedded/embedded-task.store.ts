import type { Clock } from '../../common/clock.js';
import { eventQueue } from '../../task/event.record.js';
import type { QueueSettings } from '../../task/task.broker.js';
import { EmbeddedInbox } from './embedded-inbox.js';
import { EmbeddedQueue } from './embedded-queue.js';

/** What the brokers of one application share: its queues, and an inbox for each process. */
export class EmbeddedTaskStore {
  private readonly queues = new Map<string, EmbeddedQueue>();
  private readonly inboxes = new Map<string, EmbeddedInbox>();

  constructor(readonly clock: Clock) {}

  queue(settings: QueueSettings): EmbeddedQueue {
    return this.queues.get(settings.name) ?? this.create(settings);
  }

  /** The queue of that name, if it is there. */
  opened(name: string): EmbeddedQueue | undefined {
    return this.queues.get(name);
  }

  inbox(process: string): EmbeddedInbox {
    let inbox = this.inboxes.get(process);
    if (!inbox) this.inboxes.set(process, (inbox = new EmbeddedInbox()));
    return inbox;
  }

  /** Stops timers. Everything else stays as it is. */
  close(): void {
    for (const queue of this.queues.values()) queue.moves.close();
  }

  private create(settings: QueueSettings): EmbeddedQueue {
    const { name } = settings;
    const queue: EmbeddedQueue = new EmbeddedQueue(settings, this.clock, {
      push: (process, push) => this.inbox(process).push({ queue: name, push }),
      room: (process) => this.inbox(process).push({ queue: name, push: 'room' }),
      event: (id, envelope) => {
        const target = { ...queue.moves.settings, name: eventQueue(name) };
        (this.queues.get(target.name) ?? this.create(target)).receive(id, envelope);
      },
    });
    this.queues.set(name, queue);
    return queue;
  }
}
