import { describe, expect, it } from '@jest/globals';
import { Injectable, Scope, type INestApplicationContext, type Type } from '@nestjs/common';
import {
  Cacheable,
  HeldLock,
  LockConflictError,
  Locked,
  LockService,
  LockTimeoutError,
  type Lock,
} from 'nestjs-depot';
import { from, lastValueFrom, Observable, toArray } from 'rxjs';
import { appModule, ENGINES, optionsFor, signal, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

/** Who was inside, of all objects of this process. */
class Room {
  inside = 0;
  most = 0;
  readonly log: unknown[] = [];

  async visit(who: unknown): Promise<void> {
    this.most = Math.max(this.most, ++this.inside);
    this.log.push(who);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    this.inside--;
  }
}

let room = new Room();

@Injectable()
class StockService {
  reads = 0;

  @Locked({ key: (sku) => `stock:${sku}`, ttl: '10s' })
  async sell(_sku: string, who: unknown, @HeldLock() lock?: Lock): Promise<number | undefined> {
    await room.visit(who);
    return lock?.fencingToken;
  }

  @Locked({ key: (sku) => `stock:${sku}`, wait: '20ms' })
  async sellSoon(sku: string): Promise<void> {
    await room.visit(sku);
  }

  @Locked({ key: (sku) => `stock:${sku}`, onConflict: 'throw' })
  async sellNow(sku: string): Promise<void> {
    await room.visit(sku);
  }

  @Locked({ key: (...skus) => skus.map((sku) => `stock:${sku}`) })
  async swap(...skus: string[]): Promise<void> {
    await room.visit(skus.join());
  }

  @Locked({ key: (sku) => `stock:${sku}` })
  watch(sku: string): Observable<string> {
    return from([sku, `${sku} again`]);
  }

  @Cacheable({ key: 'above', ttl: '1m' })
  @Locked({ key: 'count' })
  async cachedAbove(): Promise<number> {
    return ++this.reads;
  }

  @Locked({ key: 'count', onConflict: 'throw' })
  @Cacheable({ key: 'below', ttl: '1m' })
  async cachedBelow(): Promise<number> {
    return ++this.reads;
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedService extends StockService {}

const shop = (engine: (typeof ENGINES)[number], namespace?: string): Type => {
  room = new Room();
  return appModule(optionsFor(engine, namespace === undefined ? {} : { namespace }), [], {
    providers: [
      StockService,
      ScopedService,
      { provide: 'made', useFactory: () => new StockService() },
      { provide: 'value', useValue: Object.freeze(new StockService()) },
    ],
  });
};

describe.each(ENGINES)('@Locked on the %s engine', (engine) => {
  it('lets one call of a key run at a time, in order, from providers of every origin', async () => {
    const app = await startApp(shop(engine));
    const scoped = await app.resolve(ScopedService);
    const others = ['made', 'value'].map((token) => app.get<StockService>(token));
    const services = [app.get(StockService), scoped, ...others];
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (services[n % 4] ?? scoped).sell('a', n)),
    );

    expect(room.most).toBe(1);
    expect(room.log).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(tokens).toEqual([...tokens].sort((a, b) => Number(a) - Number(b)));
    expect(new Set(tokens).size).toBe(20);
  });

  it('lets other keys run beside it', async () => {
    const stock = (await startApp(shop(engine))).get(StockService);
    await Promise.all(['a', 'b', 'c'].map((sku) => stock.sell(sku, sku)));

    expect(room.most).toBeGreaterThan(1);
  });

  it('throws, or waits as long as it is told, when somebody else has the lock', async () => {
    const app = await startApp(shop(engine));
    const stock = app.get(StockService);
    const lock = await app.get(LockService).acquire('stock:a');

    await expect(stock.sellNow('a')).rejects.toThrow(LockConflictError);
    await expect(stock.sellSoon('a')).rejects.toThrow(LockTimeoutError);
    const waits = stock.sell('a', 'late');
    await eventually(async () =>
      expect(await app.get(LockService).inspect('stock:a')).toMatchObject({ waiters: 1 }),
    );
    await lock.release();
    await waits;
    await stock.sellNow('a');
    expect(room.log).toEqual(['late', 'a']);
  });

  it('holds several locks without a deadlock', async () => {
    const stock = (await startApp(shop(engine))).get(StockService);
    const pairs = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
      ['b', 'a'],
    ];
    await Promise.all(pairs.map((skus) => stock.swap(...skus)));

    expect([room.most, room.log.length]).toEqual([1, 4]);
  });

  it('holds the lock for as long as an Observable goes on', async () => {
    const app = await startApp(shop(engine));
    const stock = app.get(StockService);
    const lock = await app.get(LockService).acquire('stock:a');
    const values = lastValueFrom(stock.watch('a').pipe(toArray()));
    const waiting = async (): Promise<void> =>
      expect(await app.get(LockService).inspect('stock:a')).toMatchObject({ waiters: 1 });
    await eventually(waiting);
    await lock.release();

    expect(await values).toEqual(['a', 'a again']);
    expect(await app.get(LockService).isHeld('stock:a')).toBe(false);
  });

  it('stands above and below @Cacheable: what is cached above it needs no lock', async () => {
    const app = await startApp(shop(engine));
    const stock = app.get(StockService);
    expect([await stock.cachedAbove(), await stock.cachedBelow()]).toEqual([1, 2]);
    await app.get(LockService).acquire('count');

    expect(await stock.cachedAbove()).toBe(1);
    await expect(stock.cachedBelow()).rejects.toThrow(LockConflictError);
  });

  it('releases its lock before an application closes, and nobody is left waiting', async () => {
    const app = await startApp(shop(engine));
    const stock = app.get(StockService);
    const [begun, gate] = [signal(), signal()];
    room.visit = async () => {
      begun.give();
      await gate.given;
    };
    const [first, second] = [stock.sell('a', 1), stock.sell('a', 2)];
    second.catch(() => undefined);
    await begun.given;
    const closed = app.close();
    await expect(second).rejects.toMatchObject({ code: 'DEPOT_LOCKS_STOPPED' });
    gate.give();

    await first;
    await closed;
  });
});

it('excludes other applications of the namespace on Redis', async () => {
  const { namespace } = optionsFor('redis');
  const apps: INestApplicationContext[] = [];
  for (let n = 0; n < 3; n++) apps.push(await startApp(shop('redis', namespace)));
  const stocks = apps.map((app) => app.get(StockService));
  await Promise.all(
    stocks.flatMap((stock, app) => Array.from({ length: 10 }, (_, n) => stock.sell('a', `${app}: ${n}`))),
  );

  expect([room.most, room.log.length]).toEqual([1, 30]);
  for (const app of ['0', '1', '2']) {
    const its = room.log.filter((who) => String(who).startsWith(app));
    expect(its).toEqual(Array.from({ length: 10 }, (_, n) => `${app}: ${n}`));
  }
});
