import 'reflect-metadata';
import { request as send, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from '@jest/globals';
import { Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  CacheInterceptor,
  CacheService,
  DepotModule,
  type DepotOptions,
  type HttpCacheOptions,
} from 'nestjs-depot';
import { optionsFor } from '../support/app.js';

export type Platform = 'express' | 'fastify';
export const PLATFORMS: readonly Platform[] = ['express', 'fastify'];

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface HttpAppOptions {
  /** Options of a `CacheInterceptor` for all routes; `false`: there is none. */
  readonly cache?: HttpCacheOptions | false;
  readonly depot?: DepotOptions;
  readonly module?: ModuleMetadata;
  /** Before it listens. */
  readonly prepare?: (app: INestApplication) => void;
}

const running = new Set<INestApplication>();

afterEach(async () => {
  for (const app of running) await app.close();
  running.clear();
});

/** An application with these controllers, that answers real requests. */
export async function startHttp(
  platform: Platform,
  controllers: NonNullable<ModuleMetadata['controllers']>,
  { cache = { report: true }, depot = {}, module = {}, prepare }: HttpAppOptions = {},
): Promise<HttpApp> {
  class AppModule {}
  const everywhere = {
    provide: APP_INTERCEPTOR,
    useClass: CacheInterceptor.with(cache === false ? {} : cache),
  };
  Module({
    ...module,
    controllers,
    imports: [DepotModule.forRoot(optionsFor('embedded', depot)), ...(module.imports ?? [])],
    providers: [...(cache === false ? [] : [everywhere]), ...(module.providers ?? [])],
  })(AppModule);
  const app = await create(platform, AppModule);
  running.add(app);
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  return new HttpApp(app);
}

function create(platform: Platform, module: object): Promise<INestApplication> {
  const options = { logger: false, abortOnError: false } as const;
  return platform === 'express'
    ? NestFactory.create(module, new ExpressAdapter(), options)
    : NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), options);
}

export class HttpApp {
  constructor(readonly app: INestApplication) {}

  get cache(): CacheService {
    return this.app.get(CacheService);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask('GET', path, headers);
  }

  head(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask('HEAD', path, headers);
  }

  ask(
    method: string,
    path: string,
    headers: Record<string, string | string[]> = {},
    body = '',
  ): Promise<Answer> {
    const server = this.app.getHttpServer() as Server;
    const { port } = server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      const asked = send({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
        response.on('error', reject);
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }
}
