/** A process that opens applications with locks when it is asked to, and does with them what it is told. */
import { Module, type INestApplicationContext, type OnModuleDestroy } from '@nestjs/common';
import { DepotModule, LockService, type Lock } from 'nestjs-depot';
import { host, settings } from '../acceptance/app-host.js';
import { startApplication } from '../acceptance/application.js';
import { monotonic } from '../model/cache-history.js';
import { clientBy } from './cache-client.js';
import type { Holding, LockNodeSettings, Wandering, Written } from './lock-node.messages.js';
import { LedgerClient } from './lock-notes.js';
import { LockWanderer } from './lock-wanderer.js';

const { who, ports, ledger: ledgerPort } = settings() as LockNodeSettings;
const ledger = await LedgerClient.open(ledgerPort, who);

const ACTORS = 8;

const open = new Map<string, INestApplicationContext>();
const held = new Map<string, Lock>();

async function openDepot(namespace: string): Promise<void> {
  @Module({
    imports: [
      DepotModule.forRoot({
        redis: clientBy(ports),
        namespace,
        workers: 'none',
        connection: { commandTimeout: '400ms', offlineWait: '300ms' },
      }),
    ],
  })
  class DepotApp {}

  ledger.history = namespace;
  open.set(namespace, await startApplication(DepotApp));
}

function locksOf(namespace: string): LockService {
  const app = open.get(namespace);
  if (!app) throw new Error(`there is no application ${namespace}`);
  return app.get(LockService);
}

const wanderers = ({ namespace, seed }: Pick<Wandering, 'namespace' | 'seed'>, actors: number) =>
  Array.from(
    { length: actors },
    (_, actor) => new LockWanderer(seed * 1_000 + who * 10 + actor, locksOf(namespace), ledger),
  );

async function wander(wandering: Wandering): Promise<void> {
  const { until, isStormy } = wandering;
  await Promise.all(wanderers(wandering, ACTORS).map((wanderer) => wanderer.go(until, isStormy)));
}

async function hold({ namespace, key, ttl }: Holding): Promise<void> {
  held.set(key, await locksOf(namespace).acquire(key, { ttl, wait: '10s' }));
}

/** Sleeps, if it is to, at the worst moment that there is. */
async function write(key: string, isToSleep: boolean): Promise<Written> {
  const lock = held.get(key);
  if (!lock) throw new Error(`it has no lock of ${key}`);
  const { held: before, owner, fencingToken: token } = lock;
  if (isToSleep) process.kill(process.pid, 'SIGSTOP');
  const admitted = ledger.write({ key, owner, token, how: 'write' });
  return { held: before, heldAfter: lock.held, admitted: await admitted };
}

@Module({})
class LockNodeModule implements OnModuleDestroy {
  async onModuleDestroy(): Promise<void> {
    await Promise.all([...open.values()].map((app) => app.close()));
    ledger[Symbol.dispose]();
  }
}

host(LockNodeModule, () => ({
  open: openDepot,
  leave: async (namespace: string) => {
    await open.get(namespace)?.close();
    open.delete(namespace);
  },
  wander,
  getAll: async (wandering: Pick<Wandering, 'namespace' | 'seed'>) => {
    await Promise.all(wanderers(wandering, 1).map((wanderer) => wanderer.getAll()));
  },
  /** Blocks its event loop. */
  block: (ms: number) => {
    const until = monotonic() + ms;
    while (monotonic() < until);
  },
  hold,
  write: (key: string) => write(key, false),
  sleepAndWrite: (key: string) => write(key, true),
}));
