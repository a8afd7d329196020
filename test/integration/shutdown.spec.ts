import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Global,
  Injectable,
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Ctx,
  DepotModule,
  Processor,
  ShutdownError,
  Task,
  TaskContext,
  type DepotOptions,
} from 'nestjs-depot';
import { ENGINES, optionsFor, queueOf, signal, startApp, appModule, closeApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/** Stands for the user's database: of no use once it is destroyed. */
@Injectable()
class Database implements OnModuleDestroy, OnApplicationShutdown {
  static closedIn: 'onModuleDestroy' | 'onApplicationShutdown' = 'onModuleDestroy';
  open = true;
  rows: string[] = [];
  insert(row: string): void {
    if (!this.open) throw new Error('the database is closed');
    this.rows.push(row);
  }
  onModuleDestroy(): void {
    this.open = false;
  }
  onApplicationShutdown(): void {
    this.open = false;
  }
}

@Processor('slow')
class SlowProcessor {
  readonly started = signal();
  readonly release = signal();
  reason: unknown;
  constructor(private readonly database: Database) {}

  @Task()
  async write(@Ctx() task: TaskContext): Promise<string> {
    task.signal.addEventListener('abort', () => {
      this.reason = task.signal.reason;
    });
    this.started.give();
    await this.release.given;
    this.database.insert('written');
    return 'done';
  }
}

@Module({ providers: [Database], exports: [Database] })
class DatabaseModule {}
@Global()
@Module({ providers: [Database], exports: [Database] })
class GlobalDatabaseModule {}
@Module({})
class OtherModule {}
@Module({})
class AnotherModule {}

type Place = 'first' | 'middle' | 'last';
type DatabaseIn = 'AppModule' | 'a module' | 'a global module';

function root(place: Place, databaseIn: DatabaseIn, options: DepotOptions): Type {
  const depot: DynamicModule[] = [DepotModule.forRoot(options), DepotModule.registerQueue({ name: 'slow' })];
  const database: Type[] =
    databaseIn === 'AppModule' ? [] : [databaseIn === 'a module' ? DatabaseModule : GlobalDatabaseModule];
  const others: (Type | DynamicModule)[] = [OtherModule, ...database, AnotherModule];
  const at = { first: 0, middle: 2, last: others.length }[place];
  class AppModule {}
  Module({
    imports: [...others.slice(0, at), ...depot, ...others.slice(at)],
    providers: [SlowProcessor, ...(databaseIn === 'AppModule' ? [Database] : [])],
  })(AppModule);
  return AppModule;
}

async function start(kind: 'http' | 'context', module: Type): Promise<INestApplicationContext> {
  if (kind === 'context')
    return NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

describe('shutdown', () => {
  const places: Place[] = ['first', 'middle', 'last'];
  const databases: DatabaseIn[] = ['AppModule', 'a module', 'a global module'];
  const matrix = places.flatMap((place) =>
    databases.flatMap((databaseIn) =>
      (['http', 'context'] as const).map((kind) => [place, databaseIn, kind] as const),
    ),
  );

  it.each(matrix)(
    'drains before the database closes: depot %s, database in %s, %s',
    async (place, databaseIn, kind) => {
      const app = await start(kind, root(place, databaseIn, optionsFor('embedded')));
      const worker = app.get(SlowProcessor);
      const database = app.get(Database, { strict: false });
      const task = await queueOf(app, 'slow').add('write');
      const result = task.result();
      await worker.started.given;
      const closing = app.close();
      // Long enough for Nest to destroy everything that does not wait.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(database.open).toBe(true);
      worker.release.give();
      expect(await result).toBe('done');
      await closing;
      expect(database).toMatchObject({ open: false, rows: ['written'] });
    },
  );

  it.each(ENGINES)('answers producers on the %s engine until the connections close', async (engine) => {
    const options = optionsFor(engine);
    const app = await startApp(appModule(options, ['slow'], { providers: [SlowProcessor, Database] }));
    const worker = app.get(SlowProcessor);
    const queue = queueOf(app, 'slow');
    await queue.add('write');
    await worker.started.given;
    const closing = closeApp(app);
    const late = await queue.add('write', undefined, { id: 'late' });
    expect(late.created).toBe(true);
    // It may still be handed to the worker, which has said no by then and gives it back.
    await eventually(async () => expect(await queue.counts()).toMatchObject({ active: 1, waiting: 1 }));
    worker.release.give();
    await closing;
  });

  it('gives back what does not end in time, at once and uncounted', async () => {
    const options = { ...optionsFor('redis'), shutdownTimeout: 20 };
    const module = appModule(options, ['slow'], { providers: [SlowProcessor, Database] });
    const app = await startApp(module);
    const worker = app.get(SlowProcessor);
    const task = await queueOf(app, 'slow').add('write');
    await worker.started.given;
    await closeApp(app);
    expect(worker.reason).toBeInstanceOf(ShutdownError);

    const next = await startApp(module);
    const again = next.get(SlowProcessor);
    await again.started.given;
    expect(await queueOf(next, 'slow').get(task.id)).toMatchObject({ state: 'active', attempt: 1 });
    again.release.give();
    await eventually(async () =>
      expect(await queueOf(next, 'slow').get(task.id)).toMatchObject({ state: 'completed', attempt: 1 }),
    );
    worker.release.give();
  });

  it('claims nothing more once it closes', async () => {
    const options = optionsFor('redis');
    const module = appModule(options, ['slow'], { providers: [SlowProcessor, Database] });
    const app = await startApp(module);
    const worker = app.get(SlowProcessor);
    const queue = queueOf(app, 'slow');
    await queue.add('write');
    await worker.started.given;
    const closing = closeApp(app);
    // The worker has a free slot, and tells the engine before anything else that it wants no more.
    await eventually(async () => {
      const { id } = await queue.add('write');
      expect(await queue.get(id)).toMatchObject({ state: 'waiting' });
    });
    worker.release.give();
    await closing;
  });

  describe('with Redis down', () => {
    let server: RedisServer | undefined;
    afterEach(async () => {
      await server?.stop();
    });

    it.each([
      ['nothing in hand', false],
      ['a task in hand', true],
    ])('ends in time with %s', async (_, busy) => {
      server = await startRedis();
      const options = { ...optionsFor('embedded'), redis: server.url, shutdownTimeout: 200 };
      const app = await startApp(appModule(options, ['slow'], { providers: [SlowProcessor, Database] }));
      const worker = app.get(SlowProcessor);
      if (busy) {
        await queueOf(app, 'slow').add('write');
        await worker.started.given;
      }
      await server.stop();
      const began = performance.now();
      await closeApp(app);
      expect(performance.now() - began).toBeLessThan(4_000);
      worker.release.give();
    });
  });

  it('may be repeated, and come before anything was started', async () => {
    const app = await NestFactory.create(
      appModule(optionsFor('redis'), ['slow'], { providers: [SlowProcessor, Database] }),
      { logger: false, abortOnError: false },
    );
    await app.close();
    await app.close();
  });
});
