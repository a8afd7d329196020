import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import type { Settings } from './config/settings.js';

// A .env that makes the API light (WORKERS=none) is for the API. The shell can still name the queues of a worker.
process.env['WORKERS'] ||= 'all';
const { AppModule } = await import('./app.module.js');

/** Works on the queues and does nothing else. */
const app = await NestFactory.createApplicationContext(AppModule);
const config = app.get<ConfigService<Settings, true>>(ConfigService);
if (!config.get('REDIS_URL', { infer: true }) && !config.get('REDIS_HOST', { infer: true })) {
  await app.close();
  throw new Error(
    'a worker shares its queues through Redis: set REDIS_URL (the embedded engine is npm start)',
  );
}
app.enableShutdownHooks();
new Logger('Postcards').log(`working on: ${config.get('WORKERS', { infer: true })}`);
