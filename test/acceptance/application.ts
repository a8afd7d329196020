import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** Starts an application without HTTP, whose errors come out and whose output is only what should not be. */
export function startApplication(module: Type | DynamicModule): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(module, { logger: ['warn', 'error'], abortOnError: false });
}
