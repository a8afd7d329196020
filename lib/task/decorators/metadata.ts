import 'reflect-metadata';
import type { ProcessorOptions, TaskOptions } from '../task.options.js';

/*
 * Where decorators leave what they were told. Fixed texts, not symbols: two copies of the library (ESM and CommonJS)
 * in one process see each other's decorators. Kept by class and method name, so that subclasses, and methods that
 * override, inherit it.
 */
const PROCESSOR = 'depot:processor';
const TASK = 'depot:task';
const TASK_METHODS = 'depot:task-methods';
const PARAMETERS = 'depot:parameters';

export interface ProcessorMark extends ProcessorOptions {
  readonly queue: string;
}

export type ParameterKind = 'payload' | 'context';

type Constructor = abstract new (...args: never[]) => unknown;

export const processorMark = {
  set: (target: object, mark: ProcessorMark): void => Reflect.defineMetadata(PROCESSOR, mark, target),
  get: (type: Constructor): ProcessorMark | undefined =>
    Reflect.getMetadata(PROCESSOR, type) as ProcessorMark | undefined,
};

export const taskMark = {
  set(prototype: object, method: string, options: TaskOptions): void {
    Reflect.defineMetadata(TASK, options, prototype, method);
    const methods = taskMark.methods(prototype);
    if (!methods.includes(method)) Reflect.defineMetadata(TASK_METHODS, [...methods, method], prototype);
  },
  get: (prototype: object, method: string): TaskOptions =>
    Reflect.getMetadata(TASK, prototype, method) as TaskOptions,
  /** Names of the methods that are tasks, inherited ones first. */
  methods: (prototype: object): readonly string[] =>
    (Reflect.getMetadata(TASK_METHODS, prototype) as readonly string[] | undefined) ?? [],
};

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
