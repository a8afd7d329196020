/**
 * Runs inside an application, whatever its Nest: a running handler ends before the application's own providers are
 * destroyed, wherever the depot is imported and the database provided.
 */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import 'reflect-metadata';
import { DepotModule, Processor, Task, getQueueToken } from 'nestjs-depot';

const load = async (name) => {
  const namespace = await import(name);
  return { ...namespace.default, ...namespace };
};
const { Global, Module, Inject } = await load('@nestjs/common');
const { NestFactory } = await load('@nestjs/core');

class Database {
  open = true;
  onModuleDestroy() {
    this.open = false;
  }
}

class Slow {
  constructor(database) {
    this.database = database;
    this.started = new Promise((resolve) => (this.start = resolve));
    this.released = new Promise((resolve) => (this.release = resolve));
  }
  async write() {
    this.start();
    await this.released;
    this.sawOpen = this.database.open;
  }
}
Inject(Database)(Slow, undefined, 0);
Processor('slow')(Slow);
Task()(Slow.prototype, 'write', Object.getOwnPropertyDescriptor(Slow.prototype, 'write'));

function module(metadata, ...decorators) {
  class TestModule {}
  Module(metadata)(TestModule);
  decorators.forEach((decorate) => decorate(TestModule));
  return TestModule;
}

const database = { providers: [Database], exports: [Database] };
const databases = {
  AppModule: () => [],
  'a module': () => [module(database)],
  'a global module': () => [module(database, Global())],
};
const places = { first: 0, middle: 1, last: 3 };

let checked = 0;
for (const [databaseIn, modules] of Object.entries(databases)) {
  for (const [place, at] of Object.entries(places)) {
    for (const kind of ['createApplicationContext', 'create']) {
      const others = [module({}), ...modules(), module({})];
      const depot = [DepotModule.forRoot({ logger: false }), DepotModule.registerQueue({ name: 'slow' })];
      const providers = [Slow, ...(databaseIn === 'AppModule' ? [Database] : [])];
      const root = module({ imports: [...others.slice(0, at), ...depot, ...others.slice(at)], providers });
      const app = await NestFactory[kind](root, { logger: false, abortOnError: false });
      await (kind === 'create' ? app.listen(0, '127.0.0.1') : undefined);
      const slow = app.get(Slow);
      await app.get(getQueueToken('slow'), { strict: false }).add('write');
      await slow.started;
      const closing = app.close();
      for (let turns = 0; turns < 20; turns++) await turn();
      slow.release();
      await closing;
      assert.equal(slow.sawOpen, true, `depot ${place}, database in ${databaseIn}, ${kind}`);
      assert.equal(slow.database.open, false);
      checked++;
    }
  }
}
console.log(`${checked} orders`);
