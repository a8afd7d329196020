import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DepotConfigError, EngineUnavailableError, LockService, type DepotOptions } from 'nestjs-depot';
import { appModule, closeApp, optionsFor, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { DURATION, refused, root, type Anything } from './fixtures/refused.js';

const NODES = ['redis://a', 'redis://b', 'redis://c'];

const quorum = (options: Anything): Anything => ({ locks: { quorum: { nodes: NODES, ...options } } });

describe('the option locks.quorum', () => {
  it.each<[Anything, string]>([
    [{ locks: { quorum: {} } }, 'locks.quorum.nodes is undefined; expected an array of at least 3'],
    [{ locks: { quorum: NODES } }, 'locks.quorum is an array; expected an object'],
    [quorum({ servers: 3 }), "locks.quorum has no option 'servers'; there are: nodes, drift, timeout"],
    [quorum({ nodes: [] }), 'locks.quorum.nodes has the length 0; expected an odd number, at least 3'],
    [
      quorum({ nodes: ['redis://a'] }),
      'locks.quorum.nodes has the length 1; expected an odd number, at least 3',
    ],
    [
      quorum({ nodes: [...NODES, 'redis://d'] }),
      'locks.quorum.nodes has the length 4; expected an odd number, at least 3: a majority survives the loss of no more',
    ],
    [
      quorum({ nodes: ['redis://a', 'redis://b', 'c'] }),
      'locks.quorum.nodes[2] is a URL that begins with "c"',
    ],
    [
      quorum({ nodes: ['redis://a', { host: 'b' }, 3] }),
      'locks.quorum.nodes[2] is 3; expected a URL, ioredis options or an ioredis client',
    ],
    [
      quorum({ nodes: ['redis://a', 'redis://b', { keyPrefix: 'x:' }] }),
      "locks.quorum.nodes[2] has a keyPrefix, which scripts can't honour",
    ],
    [
      quorum({ nodes: ['redis://a', 'redis://b:6379', 'redis://:secret@b/1'] }),
      'locks.quorum.nodes has "b:6379" twice; expected each server once',
    ],
    [
      quorum({ nodes: ['redis://localhost', 'redis://b', {}] }),
      'locks.quorum.nodes has "localhost:6379" twice; expected each server once',
    ],
    [quorum({ drift: -0.1 }), 'locks.quorum.drift is -0.1; expected a number from 0 to 0.5'],
    [quorum({ drift: '1%' }), 'locks.quorum.drift is "1%"; expected a number from 0 to 0.5'],
    [quorum({ timeout: 9 }), 'locks.quorum.timeout is 9; expected at least 10 ms'],
    [quorum({ timeout: 'soon' }), `locks.quorum.timeout is "soon"; ${DURATION}`],
  ])('%j is refused at start-up', async (options, message) => {
    await refused(() => root(options), message);
  });
});

describe('an application with locks.quorum', () => {
  let servers: readonly RedisServer[] = [];

  beforeAll(async () => {
    servers = await Promise.all([startRedis(), startRedis(), startRedis()]);
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  const options = (): DepotOptions =>
    optionsFor('embedded', {
      connection: { connectTimeout: '300ms' },
      locks: { quorum: { nodes: servers.map(({ url }) => url) } },
    });

  it('has its locks there, also when its engine is embedded, and shares them with others', async () => {
    const shared = options();
    const [one, other] = await Promise.all([
      startApp(appModule(shared, [])),
      startApp(appModule(shared, [])),
    ]);
    await using lock = await one.get(LockService).acquire('k');

    expect(await other.get(LockService).tryAcquire('k')).toBeNull();
    expect(await other.get(LockService).inspect('k')).toMatchObject({ owner: lock.owner });
  });

  it('has them on all servers from the start', async () => {
    const own = options();
    const app = await startApp(appModule(own, []));
    await using lock = await app.get(LockService).acquire('k');

    await eventually(async () => {
      const exists = servers.map((server) => server.command(`EXISTS ${own.namespace}:lock:{${lock.key}}`));
      expect(await Promise.all(exists)).toEqual(['1', '1', '1']);
    });
  });

  it('refuses semaphores, and says why', async () => {
    const locks = (await startApp(appModule(options(), []))).get(LockService);

    const entered = locks.acquire('k', { permits: 2 });
    await expect(entered).rejects.toBeInstanceOf(DepotConfigError);
    await expect(entered).rejects.toThrow("majorities of servers can't count them");
  });

  it('starts while a minority of the servers is away, and not while a majority is', async () => {
    await servers[0]?.kill();
    const app = await startApp(appModule(options(), []));
    expect(await app.get(LockService).run('k', {}, () => 'done')).toBe('done');
    await closeApp(app);
    await servers[1]?.kill();

    const start = startApp(appModule(options(), []));
    await expect(start).rejects.toBeInstanceOf(EngineUnavailableError);
    await expect(start).rejects.toThrow(
      "1 of 3 lock servers answered; 2 are needed: Can't reach Redis at 127",
    );
    await Promise.all([servers[0]?.start(), servers[1]?.start()]);
  });

  it('leaves no connection behind', async () => {
    const connections = async (): Promise<number> =>
      (await servers[0]?.command('CLIENT LIST'))?.trim().split('\n').length ?? 0;
    const before = await connections();
    const app = await startApp(appModule(options(), []));
    const locks = app.get(LockService);
    const held = await locks.acquire('k');
    await expect(locks.acquire('k', { wait: 20 })).rejects.toMatchObject({ code: 'DEPOT_LOCK_TIMEOUT' });
    expect(await connections()).toBe(before + 2);
    await held.release();
    await closeApp(app);

    await eventually(async () => expect(await connections()).toBe(before));
  });
});
