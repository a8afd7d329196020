import type { TaskOptions } from '../task.options.js';
import type { AnyMethod } from '../task.types.js';
import { taskMark } from './metadata.js';

/**
 * The method runs the tasks of its own name. It is called with `(payload, context)`, or as `@Payload()` and `@Ctx()`
 * say. What it returns is the task's result; when it throws, the task is retried as `attempts` and `backoff` say, and
 * in the end is dead.
 *
 * @example
 * @Task({ attempts: 5, backoff: { type: 'exponential', delay: '1s', max: '5m', jitter: 0.2 }, timeout: '30s' })
 * async welcome(@Payload() to: Welcome, @Ctx() task: TaskContext): Promise<{ messageId: string }> {}
 */
export function Task(options: TaskOptions = {}) {
  return <F extends AnyMethod>(target: object, method: string, _method: TypedPropertyDescriptor<F>): void => {
    taskMark.set(target, method, options);
  };
}
