import { deferralOf } from '../../common/deferral.js';
import type { DepotLogger } from '../../common/logger.js';
import { readEvent, type EventRecord, type TaskEventName } from '../event.record.js';
import type { QueueBroker } from '../task.broker.js';
import type { TaskContext } from '../task.context.js';
import { NO_OVERRIDES, writeEnvelope } from '../task.envelope.js';
import type { TaskEvent } from '../task.event.js';
import { failureOf } from '../task.outcome.js';
import { DEFAULT_POLICY, type TaskPolicy } from '../task.policy.js';
import type { TaskHandler } from './task.handler.js';

/** A method that is told of one kind of event. */
export interface EventHandler {
  readonly event: TaskEventName;
  /** `EmailProcessor.gaveUp`; with the event it identifies the handler across processes. */
  readonly title: string;
  readonly policy: TaskPolicy;
  run(event: TaskEvent, context: TaskContext): unknown;
}

/** Passing an event on to several handlers needs nothing but the engine: it is tried until that answers. */
const PASSING_ON: TaskPolicy = { ...DEFAULT_POLICY, attempts: 1_000 };

/**
 * Event handlers as handlers of the queue in which the events are stored. An event that one handler wants runs as that.
 * Several handlers of an event each get a task of their own, made from it, so that one which fails is tried again alone.
 */
export class EventHandlers {
  constructor(
    private readonly broker: QueueBroker,
    private readonly read: (record: EventRecord) => TaskEvent,
    private readonly logger: DepotLogger,
  ) {}

  of(handlers: readonly EventHandler[]): readonly (readonly [name: string, handler: TaskHandler])[] {
    const names = [...new Set(handlers.map(({ event }) => event))];
    return [
      ...names.map((name) => [name, this.first(handlers.filter(({ event }) => event === name))] as const),
      ...handlers.map((handler) => [ownName(handler), this.alone(handler)] as const),
    ];
  }

  private first(handlers: readonly EventHandler[]): TaskHandler {
    const [only] = handlers;
    return handlers.length === 1 && only ? this.alone(only) : this.forAll(handlers);
  }

  /** Its payload is the event as the engine wrote it. */
  private alone(handler: EventHandler): TaskHandler {
    const { event, title, policy } = handler;
    return {
      name: event,
      policy,
      run: async (payload, context) => {
        const told = this.read(readEvent(event, String(payload)));
        try {
          await handler.run(told, context);
        } catch (error) {
          if (deferralOf(error) !== undefined) throw error;
          const { message, stack } = failureOf(error);
          this.logger.error(`${title} failed on '${event}' of task ${told.taskId}: ${message}`, stack);
          throw error;
        }
      },
    };
  }

  /** The ids are made from the event's, so that passing it on twice adds nothing twice. */
  private forAll(handlers: readonly EventHandler[]): TaskHandler {
    const name = handlers[0]?.event ?? '';
    return {
      name,
      policy: PASSING_ON,
      run: async (payload, { id, enqueuedAt }) => {
        await this.broker.add(
          handlers.map((handler) => ({
            id: `${id}/${handler.title}`,
            envelope: writeEnvelope({
              name: ownName(handler),
              enqueuedAt: enqueuedAt.getTime(),
              overrides: NO_OVERRIDES,
              payload: String(payload),
            }),
          })),
        );
      },
    };
  }
}

const ownName = ({ event, title }: EventHandler): string => `${event}/${title}`;
