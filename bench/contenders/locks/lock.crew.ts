import { BenchProcess } from '../../harness/bench-process.js';
import type { Stage } from '../../harness/suite.js';
import { exclusive, now, type Turn } from './turns.js';

type Role = typeof import('./lock.role.js');
export type LockProcess = BenchProcess<Role>;

const ROLE = new URL('./lock.role.ts', import.meta.url);
/** Long enough for every process to have been told. */
const START_MS = 50;

export interface CrowdSize {
  /** In all processes together. */
  readonly waiters: number;
  readonly holdMs: number;
  /** Between one request and the next. @default 0 */
  readonly apartMs?: number;
}

/** The processes of one contender, kept for the whole suite, so that they are warm. */
export class LockCrew {
  private readonly started: Promise<LockProcess>[] = [];
  private keys = 0;

  constructor(
    readonly contender: string,
    private readonly stage: Stage,
  ) {}

  /** Does this with locks in each of so many processes, over a Redis that is empty in the beginning and in the end. */
  async open<T>(
    count: number,
    work: (processes: readonly LockProcess[], redis: string) => Promise<T>,
  ): Promise<T> {
    const redis = await this.stage.redis();
    const processes = await Promise.all(Array.from({ length: count }, (_, at) => this.process(at)));
    await Promise.all(processes.map((one) => one.call('open', this.contender, redis.url)));
    try {
      return await work(processes, redis.url);
    } finally {
      await Promise.all(processes.map((one) => one.call('close')));
      await redis.command('FLUSHALL');
    }
  }

  /** A lock that nobody has wanted before. */
  key(): string {
    return `lock-${++this.keys}`;
  }

  /** Many that want one lock, spread over the processes; each gets it once, and no two at the same time. */
  async crowd(
    processes: readonly LockProcess[],
    { waiters, holdMs, apartMs = 0 }: CrowdSize,
  ): Promise<Turn[]> {
    const key = this.key();
    const begin = now() + START_MS;
    const all = Array.from({ length: waiters }, (_, at) => begin + at * apartMs);
    const turns = await Promise.all(
      processes.map((one, index) => {
        const at = all.filter((_, waiter) => waiter % processes.length === index);
        return one.call('crowd', { key, at, holdMs });
      }),
    );
    exclusive(this.contender, turns.flat());
    return turns.flat();
  }

  private process(at: number): Promise<LockProcess> {
    return (this.started[at] ??= BenchProcess.start<Role>(ROLE).then((one) => this.stage.own(one)));
  }
}

/** A crew for each contender, made when it is needed. */
export function lockCrews(stage: Stage): (contender: string) => LockCrew {
  const made = new Map<string, LockCrew>();
  return (contender) => {
    const crew = made.get(contender) ?? new LockCrew(contender, stage);
    made.set(contender, crew);
    return crew;
  };
}
