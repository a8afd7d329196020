import type { ModulesContainer } from '@nestjs/core';
import { DepotConfigError, show } from '../../common/errors.js';
import { checkKeys } from '../../common/options.js';
import { eventMark, processorMark, taskMark, type ProcessorMark } from '../decorators/metadata.js';
import { TASK_EVENTS } from '../event.record.js';
import type { EventHandler } from '../runtime/event.handlers.js';
import type { TaskHandler } from '../runtime/task.handler.js';
import { DEFAULT_POLICY, taskPolicy, type TaskPolicy } from '../task.policy.js';
import { bindMethod, type Provided } from './handler.binding.js';
import { checkEventOptions, checkTaskLock, checkTaskOptions, type TaskLock } from './task-options.js';

/** A `@Task()` method of a provider. */
export interface FoundHandler {
  readonly queue: string;
  readonly names: readonly string[];
  readonly handler: TaskHandler;
  /** `EmailProcessor.welcome`, for messages. */
  readonly title: string;
  /** What its `@Processor` asks for. */
  readonly concurrency: number | undefined;
  /** Its tasks of one key run one at a time. */
  readonly locked: TaskLock | undefined;
}

/** An `@OnTask()` method of a provider. */
export interface FoundEventHandler extends EventHandler {
  readonly queue: string;
}

export interface FoundHandlers {
  readonly tasks: readonly FoundHandler[];
  readonly events: readonly FoundEventHandler[];
}

/**
 * Finds the handlers among all providers of an application, made by class, factory or value, inherited ones included.
 *
 * @param policyOf the defaults of a queue; `undefined` when it is not registered
 * @throws DepotConfigError naming class and method, for an unknown queue, a bad option or a wrong decorator
 */
export function exploreProcessors(
  modules: ModulesContainer,
  policyOf: (queue: string) => TaskPolicy | undefined,
): FoundHandlers {
  const processors = providersOf(modules).map((provided) => processorOf(provided, policyOf));
  return {
    tasks: processors.flatMap((processor) => taskHandlersOf(processor)),
    events: processors.flatMap((processor) => eventHandlersOf(processor)),
  };
}

function providersOf(modules: ModulesContainer): Provided[] {
  const seen = new Map<object, Provided>();
  for (const module of modules.values()) {
    for (const wrapper of module.providers.values()) {
      const declared = wrapper.metatype as Provided['type'] | null;
      if (!wrapper.isNotMetatype && declared && isTaskClass(declared) && !wrapper.isDependencyTreeStatic()) {
        throw new DepotConfigError(
          `${declared.name} handles tasks, but it or something it depends on is request-scoped or transient; expected a singleton`,
        );
      }
      const instance = wrapper.instance;
      if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
      const type = instance.constructor as Provided['type'] | undefined;
      if (typeof type === 'function' && isTaskClass(type)) seen.set(instance, { instance, type });
    }
  }
  return [...seen.values()];
}

function isTaskClass(type: Provided['type']): boolean {
  if (typeof type !== 'function') return false;
  if (processorMark.get(type) !== undefined) return true;
  const prototype = type.prototype as object | undefined;
  return prototype !== undefined && marked(prototype).length > 0;
}

const marked = (prototype: object): readonly string[] => [
  ...taskMark.methods(prototype),
  ...eventMark.methods(prototype),
];

interface FoundProcessor {
  readonly provided: Provided;
  readonly prototype: object;
  readonly mark: ProcessorMark;
  readonly policy: TaskPolicy;
}

function processorOf(
  provided: Provided,
  policyOf: (queue: string) => TaskPolicy | undefined,
): FoundProcessor {
  const { type } = provided;
  const prototype = type.prototype as object;
  const mark = processorMark.get(type);
  const [tasks, events] = [taskMark.methods(prototype), eventMark.methods(prototype)];
  if (!mark) {
    const [decorator, methods] = tasks.length > 0 ? ['@Task()', tasks] : ['@OnTask()', events];
    throw new DepotConfigError(
      `${type.name} has ${decorator} methods (${methods.join(', ')}) but no @Processor(queue)`,
    );
  }
  const { queue, ...options } = mark;
  checkKeys(options, titleOf(mark, type), ['concurrency', 'locked']);
  const policy = policyOf(queue);
  if (!policy) {
    throw new DepotConfigError(
      `${type.name} is a @Processor(${show(queue)}), but no queue of that name is registered; expected DepotModule.registerQueue({ name: ${show(queue)} })`,
    );
  }
  if (tasks.length + events.length === 0) {
    throw new DepotConfigError(
      `${type.name} is a @Processor(${show(queue)}) without a @Task() method, or an @OnTask() method`,
    );
  }
  const both = tasks.find((method) => events.includes(method));
  if (both !== undefined) {
    throw new DepotConfigError(
      `${type.name}.${both} has both @Task() and @OnTask(); expected one of them, on a method of its own`,
    );
  }
  return { provided, prototype, mark, policy };
}

const titleOf = ({ queue }: ProcessorMark, { name }: Provided['type']): string =>
  `@Processor(${show(queue)}) of ${name}`;

function taskHandlersOf({ provided, prototype, mark, policy }: FoundProcessor): FoundHandler[] {
  const locks = `locked of ${titleOf(mark, provided.type)}`;
  const locked = mark.locked === undefined ? undefined : checkTaskLock(mark.locked, locks);
  return taskMark.methods(prototype).map((method) => {
    const title = `${provided.type.name}.${method}`;
    const what = `@Task() of ${title}`;
    const options = taskMark.get(prototype, method);
    const { aliases, concurrency, batch } = checkTaskOptions(options, what);
    if (locked && batch) {
      throw new DepotConfigError(
        `${locks}: ${title} takes batches, whose tasks have a key each; expected a class of its own without locked`,
      );
    }
    return {
      queue: mark.queue,
      names: [method, ...aliases],
      handler: {
        name: method,
        policy: taskPolicy(options, policy, what),
        concurrency,
        batch,
        run: bindMethod(provided, method, title, '@Task()'),
      },
      title,
      concurrency: mark.concurrency,
      locked,
    };
  });
}

/** An event handler has nothing of its queue's policy: that is about the tasks themselves. */
function eventHandlersOf({ provided, prototype, mark }: FoundProcessor): FoundEventHandler[] {
  return eventMark.methods(prototype).map((method) => {
    const title = `${provided.type.name}.${method}`;
    const { event, options } = eventMark.get(prototype, method);
    if (!TASK_EVENTS.includes(event)) {
      throw new DepotConfigError(
        `@OnTask() of ${title} names the event ${show(event)}; expected one of ${TASK_EVENTS.join(', ')}`,
      );
    }
    const what = `@OnTask(${show(event)}) of ${title}`;
    checkEventOptions(options, what);
    return {
      queue: mark.queue,
      event,
      title,
      policy: taskPolicy(options, DEFAULT_POLICY, what),
      run: bindMethod(provided, method, title, '@OnTask()'),
    };
  });
}

/**
 * The handlers of each queue under all of their names.
 *
 * @throws DepotConfigError naming both methods when two have one name, or disagree on `concurrency`
 */
export function handlersByQueue(found: readonly FoundHandler[]): Map<string, FoundHandler[]> {
  const byQueue = new Map<string, FoundHandler[]>();
  for (const handler of found) {
    const others = byQueue.get(handler.queue) ?? [];
    for (const other of others) {
      const twice = handler.names.find((name) => other.names.includes(name));
      if (twice !== undefined) {
        throw new DepotConfigError(
          `queue '${handler.queue}' has two handlers of the name '${twice}': ${other.title} and ${handler.title}`,
        );
      }
      const asked = [other.concurrency, handler.concurrency].filter((value) => value !== undefined);
      if (asked.length === 2 && asked[0] !== asked[1]) {
        throw new DepotConfigError(
          `processors of queue '${handler.queue}' disagree on concurrency: ${asked[0]} for ${other.title}, ${asked[1]} for ${handler.title}`,
        );
      }
    }
    byQueue.set(handler.queue, [...others, handler]);
  }
  return byQueue;
}

/**
 * The event handlers of each queue.
 *
 * @throws DepotConfigError when two can't be told apart
 */
export function eventHandlersByQueue(found: readonly FoundEventHandler[]): Map<string, FoundEventHandler[]> {
  const byQueue = new Map<string, FoundEventHandler[]>();
  for (const handler of found) {
    const others = byQueue.get(handler.queue) ?? [];
    if (others.some(({ event, title }) => event === handler.event && title === handler.title)) {
      throw new DepotConfigError(
        `queue '${handler.queue}' has two event handlers ${handler.title} of '${handler.event}': two providers of one class, or two classes of one name`,
      );
    }
    byQueue.set(handler.queue, [...others, handler]);
  }
  return byQueue;
}
