import type { ModulesContainer } from '@nestjs/core';
import { DepotConfigError, show } from '../../common/errors.js';
import { checkKeys } from '../../common/options.js';
import { hasForeignParameters, parameterMarks, processorMark, taskMark } from '../decorators/metadata.js';
import type { TaskOptions } from '../task.options.js';
import type { TaskHandler } from '../runtime/executor.js';
import type { TaskContext } from '../task.context.js';
import { taskPolicy, type TaskPolicy } from '../task.policy.js';

/** A `@Task()` method of a provider. */
export interface FoundHandler {
  readonly queue: string;
  readonly names: readonly string[];
  readonly handler: TaskHandler;
  /** `EmailProcessor.welcome`, for messages. */
  readonly title: string;
  /** What its `@Processor` asks for. */
  readonly concurrency: number | undefined;
}

type Method = (...args: unknown[]) => unknown;

interface Provided {
  readonly instance: object;
  readonly type: abstract new (...args: never[]) => unknown;
}

const PROCESSOR_OPTIONS = ['concurrency'];
const TASK_OPTIONS = ['attempts', 'backoff', 'timeout', 'aliases'];

/**
 * Finds the handlers among all providers of an application, made by class, factory or value, inherited ones included.
 *
 * @param policyOf the defaults of a queue; `undefined` when it is not registered
 * @throws DepotConfigError naming class and method, for an unknown queue, a bad option or a wrong decorator
 */
export function exploreProcessors(
  modules: ModulesContainer,
  policyOf: (queue: string) => TaskPolicy | undefined,
): FoundHandler[] {
  return providersOf(modules).flatMap((provided) => handlersOf(provided, policyOf));
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
  const prototype = type.prototype as object | undefined;
  return (
    processorMark.get(type) !== undefined ||
    (prototype !== undefined && taskMark.methods(prototype).length > 0)
  );
}

function handlersOf(
  { instance, type }: Provided,
  policyOf: (queue: string) => TaskPolicy | undefined,
): FoundHandler[] {
  const prototype = type.prototype as object;
  const methods = taskMark.methods(prototype);
  const processor = processorMark.get(type);
  if (!processor) {
    throw new DepotConfigError(
      `${type.name} has @Task() methods (${methods.join(', ')}) but no @Processor(queue)`,
    );
  }
  const { queue, ...processorOptions } = processor;
  checkKeys(processorOptions, `@Processor(${show(queue)}) of ${type.name}`, PROCESSOR_OPTIONS);
  const queuePolicy = policyOf(queue);
  if (!queuePolicy) {
    throw new DepotConfigError(
      `${type.name} is a @Processor(${show(processor.queue)}), but no queue of that name is registered; expected DepotModule.registerQueue({ name: ${show(processor.queue)} })`,
    );
  }
  if (methods.length === 0) {
    throw new DepotConfigError(
      `${type.name} is a @Processor(${show(processor.queue)}) without a @Task() method`,
    );
  }
  return methods.map((method) => {
    const title = `${type.name}.${method}`;
    const options = checkTaskOptions(taskMark.get(prototype, method), title);
    const policy = taskPolicy(options, queuePolicy, `@Task() of ${title}`);
    const run = bind(instance, type, method, title);
    return {
      queue: processor.queue,
      names: [method, ...(options.aliases ?? [])],
      handler: { name: method, policy, run },
      title,
      concurrency: processor.concurrency,
    };
  });
}

function checkTaskOptions(options: TaskOptions, title: string): TaskOptions {
  checkKeys(options, `@Task() of ${title}`, TASK_OPTIONS);
  const { aliases = [] } = options;
  if (!Array.isArray(aliases) || !aliases.every((alias) => typeof alias === 'string' && alias !== '')) {
    throw new DepotConfigError(
      `aliases of @Task() of ${title} is ${show(aliases)}; expected an array of names`,
    );
  }
  return options;
}

function bind(instance: object, type: Provided['type'], method: string, title: string): TaskHandler['run'] {
  const run = (instance as Record<string, unknown>)[method];
  if (typeof run !== 'function')
    throw new DepotConfigError(`${title} is marked with @Task() but is no method`);
  if (hasForeignParameters(type, method)) {
    throw new DepotConfigError(
      `${title} has a parameter decorator of another package; expected @Payload() and @Ctx() from 'nestjs-depot'`,
    );
  }
  const call = run as Method;
  const marks = parameterMarks.get(type.prototype as object, method);
  if (marks.length === 0) return (payload, context) => call.call(instance, payload, context);
  for (let index = 0; index < Math.max(marks.length, run.length); index++) {
    if (marks[index] === undefined) {
      throw new DepotConfigError(
        `${title}: parameter ${index + 1} has neither @Payload() nor @Ctx(), another one has`,
      );
    }
  }
  return (payload: unknown, context: TaskContext) =>
    call.apply(
      instance,
      marks.map((mark) => (mark === 'payload' ? payload : context)),
    );
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
