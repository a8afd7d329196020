import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import type { Settings } from './config/settings.js';
import { setUpHttp } from './http/http.setup.js';

/** The HTTP API. Works on the queues, too, unless WORKERS=none. */
const app = await NestFactory.create(AppModule);
const config = app.get<ConfigService<Settings, true>>(ConfigService);
setUpHttp(app);
app.enableShutdownHooks();
await app.listen(config.get('PORT', { infer: true }), config.get('HOST', { infer: true }));

const url = await app.getUrl();
new Logger('Postcards').log(`listening on ${url} - try ${url}/docs`);
