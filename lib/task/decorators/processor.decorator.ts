import { Injectable } from '@nestjs/common';
import { processorMark } from './metadata.js';

export interface ProcessorOptions {
  /** Handlers of this queue that run at the same time in this process, 1 to 1,000. All processors of one queue must agree. @default tasks.concurrency (10) */
  readonly concurrency?: number;
}

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
export function Processor(queue: string, options: ProcessorOptions = {}): ClassDecorator {
  return (target) => {
    Injectable()(target);
    processorMark.set(target, { ...options, queue });
  };
}
