import { BenchProcess } from '../../harness/bench-process.js';
import type { Stage } from '../../harness/suite.js';
import type { Tier } from './cache.contender.js';

type Role = typeof import('./cache.role.js');
export type CacheProcess = BenchProcess<Role>;

const ROLE = new URL('./cache.role.ts', import.meta.url);

/** The processes of one contender, kept for the whole suite, so that they are warm. */
class CacheCrew {
  private readonly started: Promise<CacheProcess>[] = [];

  constructor(
    private readonly contender: string,
    private readonly stage: Stage,
  ) {}

  /** Does this with a cache in each of so many processes, over a Redis that is empty in the beginning and in the end. */
  async open<T>(
    tier: Tier,
    count: number,
    work: (processes: readonly CacheProcess[]) => Promise<T>,
  ): Promise<T> {
    const redis = await this.stage.redis();
    const processes = await Promise.all(Array.from({ length: count }, (_, at) => this.process(at)));
    await Promise.all(processes.map((one) => one.call('open', this.contender, tier, redis.url)));
    try {
      return await work(processes);
    } finally {
      await Promise.all(processes.map((one) => one.call('close')));
      await redis.command('FLUSHALL');
    }
  }

  private process(at: number): Promise<CacheProcess> {
    return (this.started[at] ??= BenchProcess.start<Role>(ROLE).then((one) => this.stage.own(one)));
  }
}

/** A crew for each contender, made when it is needed. */
export function cacheCrews(stage: Stage): (contender: string) => CacheCrew {
  const made = new Map<string, CacheCrew>();
  return (contender) => {
    const crew = made.get(contender) ?? new CacheCrew(contender, stage);
    made.set(contender, crew);
    return crew;
  };
}
