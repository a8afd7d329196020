import type { TaskEventName } from '../event.record.js';
import type { OnTaskOptions } from '../task.options.js';
import type { AnyMethod } from '../task.types.js';
import { eventMark } from './metadata.js';

/**
 * The method of a `@Processor` class is told of each such event of its queue's tasks: once, in some process that has it.
 * Events are stored until then, and a handler that throws is tried again as `attempts` and `backoff` say.
 *
 * @example
 * @OnTask('dead')
 * async gaveUp(event: TaskEvent): Promise<void> {}
 */
export function OnTask(event: TaskEventName, options: OnTaskOptions = {}) {
  return <F extends AnyMethod>(target: object, method: string, _method: TypedPropertyDescriptor<F>): void => {
    eventMark.set(target, method, { event, options });
  };
}
