import 'reflect-metadata';
import type { TaskEventName } from '../event.record.js';
import type { OnTaskOptions, ProcessorOptions, TaskOptions } from '../task.options.js';

/*
 * Where decorators leave what they were told. Fixed texts, not symbols: two copies of the library (ESM and CommonJS)
 * in one process see each other's decorators. Kept by class and method name, so that subclasses, and methods that
 * override, inherit it.
 */
const PROCESSOR = 'depot:processor';
const TASK = 'depot:task';
const TASK_METHODS = 'depot:task-methods';
const EVENT = 'depot:event';
const EVENT_METHODS = 'depot:event-methods';
const PARAMETERS = 'depot:parameters';

export interface ProcessorMark extends ProcessorOptions<never> {
  readonly queue: string;
}

export type ParameterKind = 'payload' | 'context';

type Constructor = abstract new (...args: never[]) => unknown;

export const processorMark = {
  set: (target: object, mark: ProcessorMark): void => Reflect.defineMetadata(PROCESSOR, mark, target),
  get: (type: Constructor): ProcessorMark | undefined =>
    Reflect.getMetadata(PROCESSOR, type) as ProcessorMark | undefined,
};

export interface EventMark {
  readonly event: TaskEventName;
  readonly options: OnTaskOptions;
}

/** Methods that are tasks. */
export const taskMark = methodMarks<TaskOptions>(TASK, TASK_METHODS);

/** Methods that are told of events. */
export const eventMark = methodMarks<EventMark>(EVENT, EVENT_METHODS);

function methodMarks<M>(mark: string, list: string) {
  const methods = (prototype: object): readonly string[] =>
    (Reflect.getMetadata(list, prototype) as readonly string[] | undefined) ?? [];
  return {
    set(prototype: object, method: string, options: M): void {
      Reflect.defineMetadata(mark, options, prototype, method);
      const marked = methods(prototype);
      if (!marked.includes(method)) Reflect.defineMetadata(list, [...marked, method], prototype);
    },
    get: (prototype: object, method: string): M => Reflect.getMetadata(mark, prototype, method) as M,
    /** Names of the methods that have the mark, inherited ones first. */
    methods,
  };
}

export const parameterMarks = {
  set(prototype: object, method: string, index: number, kind: ParameterKind): void {
    const marks = [...parameterMarks.get(prototype, method)];
    marks[index] = kind;
    Reflect.defineMetadata(PARAMETERS, marks, prototype, method);
  },
  /** By position; a hole where a parameter has no decorator. Empty when none has. */
  get: (prototype: object, method: string): readonly (ParameterKind | undefined)[] =>
    (Reflect.getMetadata(PARAMETERS, prototype, method) as (ParameterKind | undefined)[] | undefined) ?? [],
};

/** Parameter decorators of Nest's own packages (websockets, microservices) leave their mark here. */
export function hasForeignParameters(type: Constructor, method: string): boolean {
  return Reflect.hasMetadata('__routeArguments__', type, method);
}
