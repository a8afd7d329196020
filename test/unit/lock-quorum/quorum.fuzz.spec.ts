import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import { LockTimeoutError } from '../../../lib/lock/lock.errors.js';
import type { Lock } from '../../../lib/lock/lock.js';
import { settled } from '../../support/manual-clock.js';
import { random } from '../../support/random.js';
import { QuorumScene, view, type QuorumProcess } from './quorum.scene.js';

const STEPS = 120;
const HISTORIES = Number(process.env['DEPOT_MODEL_RUNS'] ?? 12);

/** What one history has come to. */
interface Tally {
  granted: number;
  refused: number;
}

/** Who has the lock now, as far as their processes know; kills nobody. */
class Watch {
  readonly tally: Tally = { granted: 0, refused: 0 };
  private readonly held = new Set<Lock>();
  private greatest = 0;

  admit(lock: Lock): void {
    this.tally.granted++;
    // A reader may come late to a token that readers beside him have outrun, but no writer may have been between.
    const isWriter = lock.permits === Number.POSITIVE_INFINITY;
    const others = [...this.held].filter(({ held }) => held);
    for (const other of others) {
      if (isWriter || other.permits === Number.POSITIVE_INFINITY) {
        throw new Error(`${lock.owner} has the lock beside ${other.owner}`);
      }
    }
    if (isWriter) expect(lock.fencingToken).toBeGreaterThan(this.greatest);
    this.greatest = Math.max(this.greatest, lock.fencingToken);
    this.held.add(lock);
  }

  left(lock: Lock): void {
    this.held.delete(lock);
  }
}

describe('random histories of a quorum', () => {
  let scene: QuorumScene;
  let watch: Watch;
  let dice: ReturnType<typeof random>;

  beforeEach(() => {
    jest.spyOn(Math, 'random').mockImplementation(() => dice.next());
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** Has the lock for a while, in one way or another. */
  const visit = async ({ locks }: QuorumProcess): Promise<void> => {
    const options = {
      mode: dice.below(3) === 0 ? 'read' : 'write',
      ttl: [500, 2_000, 9_000][dice.below(3)] ?? 1,
      renew: dice.below(4) > 0,
    } as const;
    const wait = [0, 300, 3_000, 20_000][dice.below(4)] ?? 0;
    try {
      const lock = await locks.acquire('k', { ...options, wait });
      watch.admit(lock);
      await new Promise<void>((resolve) => void scene.clock.after(dice.below(3_000), resolve));
      watch.left(lock);
      await lock.release();
    } catch (error) {
      if (!(error instanceof LockTimeoutError || error instanceof EngineUnavailableError)) throw error;
      watch.tally.refused++;
    }
  };

  /** Something happens to the way between a process and a server, or to a server. */
  const disturb = (down: Set<number>): void => {
    const { processes, servers } = scene;
    const at = dice.below(servers.length);
    const one = processes[dice.below(processes.length)];
    if (!one) return;
    const its = view(one.views, at);
    switch (dice.below(6)) {
      case 0:
        its.away = dice.below(2) === 0 ? 'before' : 'after';
        break;
      case 1: {
        const arrive = its.slow(dice.below(2) === 0 ? 'requests' : 'answers');
        scene.clock.after(dice.below(1_000), arrive);
        break;
      }
      case 2:
        its.deaf = !its.deaf;
        break;
      case 3:
        its.gap();
        break;
      case 4:
        if (down.has(at)) down.delete(at);
        else down.add(at);
        scene.away(at, down.has(at) ? 'before' : 'no');
        break;
      default:
        for (const other of one.views) other.away = 'no';
    }
  };

  /** Everything works again: whoever comes now gets the lock, and in the end nobody has anything. */
  const recovers = async (visits: Promise<void>[]): Promise<void> => {
    for (const { views } of scene.processes) {
      for (const one of views) Object.assign(one, { away: 'no', deaf: false });
    }
    await scene.clock.advance(60_000);
    await Promise.all(visits);
    const lock = await Promise.all([
      scene.processes[0]?.locks.acquire('k', { wait: '1m' }),
      scene.clock.advance(30_000),
    ]).then(([one]) => one);
    if (lock) watch.admit(lock);
    await lock?.release();
    await scene.clock.advance(20_000);
    expect(await scene.isClean()).toBe(true);
  };

  const history = async (seed: number, rates: readonly number[]): Promise<Tally> => {
    dice = random(seed);
    watch = new Watch();
    scene = new QuorumScene(rates);
    for (let at = 0; at < 3; at++) scene.process();
    const down = new Set<number>();
    const visits: Promise<void>[] = [];
    for (let step = 0; step < STEPS; step++) {
      const one = scene.processes[dice.below(3)];
      if (one && dice.below(2) === 0) visits.push(visit(one));
      if (dice.below(3) === 0) disturb(down);
      await scene.clock.advance(dice.below(1_000));
      await settled();
    }
    await recovers(visits);
    await scene.close();
    return watch.tally;
  };

  test.each([
    ['three servers', [1, 1, 1]],
    ['five servers', [1, 1, 1, 1, 1]],
    ['clocks as different as they may be', [1.01, 1, 1.01]],
  ])('never have two holders at once, and end with nobody: %s', async (_, rates) => {
    const sum: Tally = { granted: 0, refused: 0 };
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const { granted, refused } = await history(seed, rates).catch((error: unknown) => {
        throw new Error(`history ${seed}`, { cause: error });
      });
      sum.granted += granted;
      sum.refused += refused;
    }
    // Histories in which nobody gets anything would prove nothing.
    expect(sum.granted).toBeGreaterThan(HISTORIES * 20);
    expect(sum.refused).toBeGreaterThan(HISTORIES);
  });
});
