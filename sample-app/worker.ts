import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SettingsError } from './config/settings.js';
import { NEST_OPTIONS, start } from './start.js';

/** Works on the queues and does nothing else. */
await start(async () => {
  // A .env that makes the API light (WORKERS=none) is for the API. The shell can still name the queues of a worker.
  process.env['WORKERS'] ||= 'all';
  // The settings are read when the module is loaded.
  const { AppModule } = await import('./app.module.js');
  if (!process.env['REDIS_URL'] && !process.env['REDIS_HOST']) {
    throw new SettingsError(
      'a worker gets its tasks through Redis: set REDIS_URL; without it, npm start does all',
    );
  }
  const app = await NestFactory.createApplicationContext(AppModule, NEST_OPTIONS);
  app.enableShutdownHooks();
  new Logger('Postcards').log(`working on: ${process.env['WORKERS']}`);
});
