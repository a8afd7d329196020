import { Inject } from '@nestjs/common';

/** The token under which a queue is provided: `app.get(getQueueToken('email'))`. */
export const getQueueToken = (name: string): string => `depot:queue:${name}`;

/** Injects the `Queue` registered under that name by `DepotModule.registerQueue`. */
export const InjectQueue = (name: string): ParameterDecorator & PropertyDecorator =>
  Inject(getQueueToken(name));
