import type { Clock } from '../../common/clock.js';
import { eventQueue } from '../../task/event.record.js';
import type { Push, QueueSettings } from '../../task/task.broker.js';
import { BlockingList } from './blocking-list.js';
import { EmbeddedQueue } from './embedded-queue.js';

export interface Message {
  readonly queue: string;
  /** `room`: what was refused as full may be added. */
  readonly push: Push | 'room';
}

/** What the brokers of one application share: its queues, and a wake list for each process that listens. */
export class EmbeddedTaskStore {
  private readonly queues = new Map<string, EmbeddedQueue>();
  private readonly wakeLists = new Map<string, BlockingList<Message>>();

  constructor(readonly clock: Clock) {}

  queue(settings: QueueSettings): EmbeddedQueue {
    return this.queues.get(settings.name) ?? this.create(settings);
  }

  /** The queue of that name, if it is there. */
  opened(name: string): EmbeddedQueue | undefined {
    return this.queues.get(name);
  }

  wake(process: string): BlockingList<Message> {
    let list = this.wakeLists.get(process);
    if (!list) this.wakeLists.set(process, (list = new BlockingList()));
    return list;
  }

  /** Stops timers. Everything else stays as it is. */
  close(): void {
    for (const queue of this.queues.values()) queue.moves.close();
  }

  private create(settings: QueueSettings): EmbeddedQueue {
    const { name } = settings;
    const queue: EmbeddedQueue = new EmbeddedQueue(settings, this.clock, {
      push: (process, push) => this.wake(process).push({ queue: name, push }),
      room: (process) => this.wake(process).push({ queue: name, push: 'room' }),
      event: (id, envelope) => {
        const target = { ...queue.moves.settings, name: eventQueue(name) };
        (this.queues.get(target.name) ?? this.create(target)).receive(id, envelope);
      },
    });
    this.queues.set(name, queue);
    return queue;
  }
}
