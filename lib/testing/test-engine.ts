import type { DepotLogger } from '../common/logger.js';
import { EmbeddedEngine } from '../engines/embedded/embedded-engine.js';
import type { CacheEngine, CacheStore, Claim } from '../cache/cache.store.js';
import type { Engine } from '../engines/engine.js';
import type { ManualClock } from './manual-clock.js';
import { intercept, type Traffic } from './traffic.js';
import type { WorkerGate } from './worker.gate.js';

type Around = (method: string, call: () => unknown) => unknown;

/** The embedded engine on a clock that stands still, watched, its workers behind the gate. */
export function testEngine(
  logger: DepotLogger,
  clock: ManualClock,
  gate: WorkerGate,
  traffic: Traffic,
): Engine {
  const engine: Engine = new EmbeddedEngine(logger, clock);
  const follow = (_: string, call: () => unknown): unknown => {
    const answer = call();
    return answer instanceof Promise ? traffic.follow(answer) : answer;
  };
  /** Whoever waited for what ends here may go on. */
  const wake = (method: string, call: () => unknown): unknown => {
    traffic.woke();
    return follow(method, call);
  };
  return intercept(engine, {
    tasks: gate.guard(engine.tasks),
    cache: watchedCache(engine.cache, follow, wake),
    // What is held renews itself all the time, and wakes nobody.
    locks: intercept(engine.locks, {}, (method, call) =>
      method === 'extend' ? follow(method, call) : wake(method, call),
    ),
  });
}

/** Stores, filters and leases are made by methods, so these give watched ones. */
function watchedCache(cache: CacheEngine, around: Around, wake: Around): CacheEngine {
  const { filters } = cache;
  return {
    open: (name, memory) => watchedStore(cache.open(name, memory), around, wake),
    filters: { open: (path, shape) => intercept(filters.open(path, shape), {}, around) },
  };
}

function watchedStore(store: CacheStore, around: Around, wake: Around): CacheStore {
  const claim: CacheStore['claim'] = async (requests) =>
    (await store.claim(requests)).map((answer) => watchedClaim(answer, wake));
  const followed: Pick<CacheStore, 'claim'> = intercept({ claim }, {}, around);
  return intercept(
    store,
    {
      claim: (requests) => followed.claim(requests),
      namespace: (name) => watchedStore(store.namespace(name), around, wake),
    },
    around,
  );
}

function watchedClaim(claim: Claim, wake: Around): Claim {
  return claim.kind === 'granted' ? { kind: 'granted', lease: intercept(claim.lease, {}, wake) } : claim;
}
