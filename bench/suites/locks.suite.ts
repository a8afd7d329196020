import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { commandsOf } from '../contenders/locks/command.count.js';
import { lockCrews, type CrowdSize, type LockProcess } from '../contenders/locks/lock.crew.js';
import { LOCK_SETTINGS } from '../contenders/locks/lock.settings.js';
import { inversions, lasted } from '../contenders/locks/turns.js';
import { median, percentile } from '../harness/figures.js';
import type { Part, Stage, Suite } from '../harness/suite.js';

const PAIR_P50 = 'acquire + release, p50 ms';
const PAIR_P99 = 'acquire + release, p99 ms';
const HAND_OFF = 'from release to the next one running, p50 ms';
const IN_ORDER = 'granted as requested, 20 waiters 2 ms apart, % of pairs';

const PROCESSES = 4;
/** Starting them is most of what a short run takes. */
const PROCESSES_IN_SHORT = 2;
/** What they hold takes 100 ms in either; more than that is waiting. */
const CROWDS: Readonly<Record<string, CrowdSize>> = {
  '20 waiters, 5 ms each': { waiters: 20, holdMs: 5 },
  '100 waiters, 1 ms each': { waiters: 100, holdMs: 1 },
};
const APART: CrowdSize = { waiters: 20, holdMs: 5, apartMs: 2 };
const WARM_UP: CrowdSize = { waiters: 20, holdMs: 1 };

type Crews = ReturnType<typeof lockCrews>;

export const locks: Suite = {
  name: 'locks',
  about: `one lock on Redis that nobody else wants, and one that many want in ${PROCESSES} processes`,
  metrics: {
    [PAIR_P50]: 'lower',
    [PAIR_P99]: 'lower',
    ...Object.fromEntries(
      Object.keys(CROWDS).flatMap((crowd) => [
        [`${crowd}: total ms`, 'lower'],
        [`${crowd}: commands sent for each`, 'lower'],
        [`${crowd}: commands run for each`, 'lower'],
        [`${crowd}: granted as requested, % of pairs`, 'higher'],
      ]),
    ),
    [IN_ORDER]: 'higher',
    [HAND_OFF]: 'lower',
  },
  contenders: {
    depot: { settings: LOCK_SETTINGS.depot },
    'redis-semaphore': { settings: LOCK_SETTINGS['redis-semaphore'] },
    redlock: { settings: LOCK_SETTINGS.redlock },
    'redlock-universal': { settings: LOCK_SETTINGS['redlock-universal'] },
    ioredis: { settings: LOCK_SETTINGS.ioredis, floor: true },
  },
  rounds: 3,
  parts: (stage) => {
    const crews = lockCrews(stage);
    return [
      uncontended(stage, crews),
      ...crowded(stage, crews),
      apart(stage, crews),
      handedOff(stage, crews),
    ];
  },
};

function uncontended(stage: Stage, crews: Crews): Part {
  return {
    name: 'acquire + release',
    measure: (contender) => {
      const crew = crews(contender);
      return crew.open(1, async ([process]) => {
        assert.ok(process);
        const count = stage.short ? 50 : 3_000;
        await process.call('pairs', crew.key(), count);
        const taken = await process.call('pairs', crew.key(), count);
        return { [PAIR_P50]: percentile(taken, 0.5), [PAIR_P99]: percentile(taken, 0.99) };
      });
    },
  };
}

function crowded(stage: Stage, crews: Crews): Part[] {
  return Object.entries(CROWDS).map(([name, size]) => ({
    name,
    measure: (contender) => {
      const crew = crews(contender);
      return crew.open(stage.short ? PROCESSES_IN_SHORT : PROCESSES, async (processes, redis) => {
        await crew.crowd(processes, WARM_UP);
        const crowds = [];
        for (let i = 0; i < (stage.short ? 1 : 5); i++) crowds.push(await crew.crowd(processes, size));
        const { sent, run } = await commandsOf(redis, () => crew.crowd(processes, size));
        return {
          [`${name}: total ms`]: median(crowds.map(lasted)),
          [`${name}: commands sent for each`]: sent / size.waiters,
          [`${name}: commands run for each`]: run / size.waiters,
          [`${name}: granted as requested, % of pairs`]: inOrder(crowds),
        };
      });
    },
  }));
}

function apart(stage: Stage, crews: Crews): Part {
  return {
    name: IN_ORDER,
    measure: (contender) => {
      const crew = crews(contender);
      return crew.open(stage.short ? PROCESSES_IN_SHORT : PROCESSES, async (processes) => {
        await crew.crowd(processes, WARM_UP);
        const crowds = [];
        for (let i = 0; i < (stage.short ? 1 : 5); i++) crowds.push(await crew.crowd(processes, APART));
        return { [IN_ORDER]: inOrder(crowds) };
      });
    },
  };
}

/** Two processes that hand a lock to and fro. */
function handedOff(stage: Stage, crews: Crews): Part {
  return {
    name: 'hand-off',
    measure: (contender) => {
      const crew = crews(contender);
      return crew.open(2, async (processes) => {
        await crew.crowd(processes, WARM_UP);
        for (const process of processes) await process.call('pairs', crew.key(), stage.short ? 50 : 1_000);
        const taken = await handOffs(crew.key(), processes, stage.short ? 5 : 60);
        assert.ok(Math.min(...taken) >= 0, `${contender} granted a lock before its holder released it`);
        return { [HAND_OFF]: median(taken) };
      });
    },
  };
}

/** Milliseconds of each. Whoever waits has done so for a while, at random, when the lock is released. */
async function handOffs(key: string, [one, other]: readonly LockProcess[], count: number): Promise<number[]> {
  assert.ok(one && other);
  const taken: number[] = [];
  let [holder, waiter] = [one, other];
  await holder.call('acquire', key);
  while (taken.length < count) {
    const granted = waiter.call('acquire', key);
    await pause(10 + Math.random() * 10);
    const releasedAt = await holder.call('release');
    taken.push((await granted) - releasedAt);
    [holder, waiter] = [waiter, holder];
  }
  await holder.call('release');
  return taken;
}

function inOrder(crowds: readonly Parameters<typeof inversions>[0][]): number {
  return 100 * (1 - median(crowds.map(inversions)));
}
