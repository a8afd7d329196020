import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import type { Settings } from './config/settings.js';
import { setUpHttp } from './http/http.setup.js';
import { NEST_OPTIONS, start } from './start.js';

/** The HTTP API. Works on the queues, too, unless WORKERS=none. */
await start(async () => {
  // The settings are read when the module is loaded.
  const { AppModule } = await import('./app.module.js');
  const app = await NestFactory.create(AppModule, NEST_OPTIONS);
  const config = app.get<ConfigService<Settings, true>>(ConfigService);
  setUpHttp(app);
  app.enableShutdownHooks();
  await app.listen(config.get('PORT', { infer: true }), config.get('HOST', { infer: true }));
  const url = await app.getUrl();
  new Logger('Postcards').log(`listening on ${url} - try ${url}/docs`);
});
