import { expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { createCache, type Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheService } from 'nestjs-depot';
import { DepotKeyvStore } from 'nestjs-depot/keyv';
import { appModule, optionsFor, startApp } from '../support/app.js';
import { missingExamples } from '../support/examples.js';

interface Session {
  readonly user: string;
  readonly since: Date;
}

@Injectable()
class Sessions {
  private readonly keyv: Keyv<Session>;

  constructor(cache: CacheService) {
    this.keyv = new Keyv({ store: new DepotKeyvStore(cache), namespace: 'sessions', ttl: 30 * 60_000 });
    // The cache serialises: Date, Map, Set, BigInt and Buffer come back as they went in. Keyv 6: `serialization: false`.
    this.keyv.serialize = undefined;
    this.keyv.deserialize = undefined;
  }

  async open(id: string, user: string): Promise<void> {
    await this.keyv.set(id, { user, since: new Date() });
  }

  find(id: string): Promise<Session | undefined> {
    return this.keyv.get(id);
  }
}

const legacy = {
  provide: 'CACHE',
  inject: [CacheService],
  useFactory: (cache: CacheService) =>
    createCache({ stores: [new Keyv({ store: new DepotKeyvStore(cache), namespace: 'legacy' })] }),
};

it('the examples of docs/keyv.md are here', async () => {
  expect(await missingExamples('docs/keyv.md', 'test/integration/keyv.example.spec.ts')).toEqual([]);
});

it('a Keyv and a cache-manager share the application cache', async () => {
  const app = await startApp(appModule(optionsFor('embedded'), [], { providers: [Sessions, legacy] }));
  const sessions = app.get(Sessions);
  await sessions.open('7', 'ann');
  const manager = app.get<Cache>('CACHE');
  await manager.set('7', 'bob');

  expect(await sessions.find('7')).toEqual({ user: 'ann', since: expect.any(Date) });
  expect(await manager.get('7')).toBe('bob');
  await manager.clear();
  expect(await sessions.find('7')).toMatchObject({ user: 'ann' });
  expect(await app.get(CacheService).namespace('sessions').ttl('sessions:7')).toBeLessThanOrEqual(
    30 * 60_000,
  );
});
