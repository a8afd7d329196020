/**
 * Compiled and run inside an application, as a module of its own format: the store for Keyv works where no Keyv is
 * installed, on the cache that the main entry point gives.
 */
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CacheService, DepotConfigError, DepotModule } from 'nestjs-depot';
import { DepotKeyvStore, type KeyvEntry } from 'nestjs-depot/keyv';

@Module({ imports: [DepotModule.forRoot({})] })
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const cache = app.get(CacheService);
  const store = new DepotKeyvStore(cache, { tags: ['keyv'] });
  store.namespace = 'sessions';
  const many: KeyvEntry[] = [{ key: 'sessions:8', value: '{"value":"bob"}' }];
  assert.equal(await store.set('sessions:7', { value: new Date(7) }, 60_000), true);
  await store.setMany(many);
  assert.deepEqual(await store.getMany(['sessions:7', 'sessions:8']), [
    { value: new Date(7) },
    '{"value":"bob"}',
  ]);
  assert.equal(await cache.namespace('sessions').has('sessions:7'), true);
  await store.clear();
  assert.equal(await store.has('sessions:7'), false);
  // One copy of the library: its errors are those of the main entry point.
  assert.throws(() => new DepotKeyvStore(cache, { tags: [''] }), DepotConfigError);
  await app.close();
  console.log('the store for Keyv works');
}

void main();
