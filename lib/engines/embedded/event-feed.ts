import type { Clock } from '../../common/clock.js';
import { EVENT_LEASE_MS, writeEvent, type EventRecord, type TaskEventName } from '../../task/event.record.js';
import type { EmbeddedTask } from './embedded-task.js';

interface Subscription {
  readonly pushed: ReadonlySet<TaskEventName>;
  readonly stored: ReadonlySet<TaskEventName>;
  readonly until: number;
}

/** Who is told of what happens to tasks. Nothing is built while nobody is. */
export class EventFeed {
  private readonly subscriptions = new Map<string, Subscription>();
  private numbers = 0;

  constructor(
    private readonly clock: Clock,
    private readonly push: (process: string, event: EventRecord) => void,
    private readonly store: (id: string, envelope: string) => void,
  ) {}

  subscribe(process: string, pushed: readonly TaskEventName[], stored: readonly TaskEventName[]): void {
    if (pushed.length + stored.length === 0) this.subscriptions.delete(process);
    else {
      const until = this.clock.now() + EVENT_LEASE_MS;
      this.subscriptions.set(process, { pushed: new Set(pushed), stored: new Set(stored), until });
    }
  }

  emit(name: TaskEventName, task: EmbeddedTask, text = '', dueAt?: number): void {
    if (this.subscriptions.size > 0) this.tell(name, task, text, dueAt);
  }

  clear(): void {
    this.subscriptions.clear();
  }

  private tell(
    name: TaskEventName,
    { id, tries, envelope }: EmbeddedTask,
    text: string,
    dueAt?: number,
  ): void {
    const now = this.clock.now();
    const event: EventRecord = { name, id, at: now, tries, dueAt, text, envelope };
    let stored = false;
    for (const [process, subscription] of this.subscriptions) {
      if (subscription.until <= now) this.subscriptions.delete(process);
      else {
        if (subscription.pushed.has(name)) this.push(process, event);
        stored ||= subscription.stored.has(name);
      }
    }
    if (stored) this.store(`${id}:${name}:${++this.numbers}`, eventEnvelope(event));
  }
}

/** A task of the event's name, of the same age as the task that it is about. */
function eventEnvelope(event: EventRecord): string {
  const [time = ''] = /(?<=^[^\n]*\n)\w*/.exec(event.envelope) ?? [];
  return `1${event.name}\n${time}\n\n${writeEvent(event)}`;
}
