import { Injectable } from '@nestjs/common';
import type { ProcessorOptions } from '../task.options.js';
import { processorMark } from './metadata.js';

/**
 * The class handles tasks of a queue: each method with `@Task()` those of one name. Several classes may serve one queue.
 *
 * @example
 * @Processor('email', { concurrency: 20 })
 * export class EmailProcessor {
 *   @Task({ attempts: 5 })
 *   async welcome(@Payload() to: Welcome): Promise<void> {}
 * }
 */
export function Processor<P>(queue: string, options: ProcessorOptions<P> = {}): ClassDecorator {
  return (target) => {
    Injectable()(target);
    processorMark.set(target, { ...options, queue });
  };
}
