import { BenchProcess } from '../../harness/bench-process.js';
import type { Stage } from '../../harness/suite.js';
import type { Place } from './cache.contender.js';

type Role = typeof import('./cache.role.js');
export type CacheProcess = BenchProcess<Role>;

const ROLE = new URL('./cache.role.ts', import.meta.url);
const OURS = 'depot';

/** The processes of one contender, kept for the whole run, so that they are warm. */
export class CacheCrew {
  constructor(
    private readonly contender: string,
    private readonly stage: Stage,
    private readonly started: Promise<CacheProcess>[],
  ) {}

  /** Does this with a cache in each of so many processes, over a Redis that is empty in the beginning and in the end. */
  async open<T>(
    place: Place,
    count: number,
    work: (first: CacheProcess, ...others: readonly CacheProcess[]) => Promise<T>,
  ): Promise<T> {
    const redis = await this.stage.redis();
    try {
      return await this.openAt(redis.url, place, count, work);
    } finally {
      await redis.command('FLUSHALL');
    }
  }

  /** The same over another Redis, which is left as it is. */
  async openAt<T>(
    url: string,
    place: Place,
    count: number,
    work: (first: CacheProcess, ...others: readonly CacheProcess[]) => Promise<T>,
  ): Promise<T> {
    const first = await this.process(0);
    const others = await Promise.all(Array.from({ length: count - 1 }, (_, at) => this.process(at + 1)));
    const all = [first, ...others];
    await Promise.all(all.map((one) => one.call('open', this.contender, place, url)));
    try {
      return await work(first, ...others);
    } finally {
      await Promise.all(all.map((one) => one.call('close')));
    }
  }

  process(at: number): Promise<CacheProcess> {
    return (this.started[at] ??= this.start(at));
  }

  private async start(at: number): Promise<CacheProcess> {
    const process = this.stage.own(await BenchProcess.start<Role>(ROLE));
    if (this.contender === OURS) this.stage.watch(`process-${at}`, process);
    return process;
  }
}

/** A process of its own, which may be spoilt. */
export function startCacheProcess(): Promise<CacheProcess> {
  return BenchProcess.start<Role>(ROLE);
}

const crews = new WeakMap<Stage, Map<string, Promise<CacheProcess>[]>>();

/** The crew of a contender, the same for all suites; in a short run, whose figures say nothing, all share the processes. */
export function cacheCrew(stage: Stage, contender: string): CacheCrew {
  const made = crews.get(stage) ?? new Map<string, Promise<CacheProcess>[]>();
  crews.set(stage, made);
  const whose = stage.short ? 'all' : contender;
  const started = made.get(whose) ?? [];
  made.set(whose, started);
  return new CacheCrew(contender, stage, started);
}
