/**
 * `npm run test:acceptance`: the long run of what has to hold, with figures. Ends with code 1 when something does not.
 *
 *   npm run test:acceptance                       everything, about six minutes
 *   npm run test:acceptance -- kill delayed       some of: kill delayed idle connections
 */
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { connections } from './connections.scenario.js';
import { delayed } from './delayed.scenario.js';
import { table, type Distribution } from './figures.js';
import { idle } from './idle.scenario.js';
import { kill, SLOTS } from './kill.scenario.js';

/** Long enough for a few sweeps. What is rarer, such as tidying, is counted in docs/costs.md. */
const IDLE_MS = 60_000;

/** What Redis may have to do for an idle process, however many queues it has, in commands a second. */
const IDLE_COMMANDS = 0.2;

/** A machine on which even plain timers are later than this at p99 says nothing about ours. */
const IDLE_MACHINE_MS = 1.5;

const failures: string[] = [];

function demand(holds: boolean, what: string): void {
  if (!holds) failures.push(what);
}

const scenarios: Readonly<Record<string, (redis: RedisServer) => Promise<void>>> = {
  async kill(redis) {
    const report = await kill(redis.url, 20_000, 20);
    const { killed, survivor, left } = report;
    print('Two workers, one of them killed by SIGKILL in the middle', {
      'tasks added': report.tasks,
      'begun / ended by the one that was killed': `${killed.started} / ${killed.ended}`,
      'begun / ended by the other one': `${survivor.started} / ${survivor.ended}`,
      'in the hand of the one that was killed': report.inHand,
      'ran again after the kill, within ms': report.runAgainWithinMs,
      'begun twice': report.duplicates,
      '... that were not in its hand': report.needlessDuplicates,
      'ended by nobody': report.lost,
      'left waiting / delayed / active / dead': `${left.waiting} / ${left.delayed} / ${left.active} / ${left.dead}`,
      'took ms': report.tookMs,
    });
    demand(report.lost === 0, 'kill: every task completes');
    demand(left.dead === 0, 'kill: no task is dead');
    demand(report.inHand > 0 && report.runAgainWithinMs <= 5_000, 'kill: run again within 5 s');
    demand(
      report.inHand <= SLOTS && report.needlessDuplicates === 0,
      'kill: duplicates at most what was in hand',
    );
  },

  async delayed(redis) {
    for (const [engine, url] of engines(redis)) {
      const { ran, early, outOfOrder, tasks, latenessMs, machineMs } = await delayed(url, 1_000, 5_000);
      print(`Delayed tasks over 5 s, ${engine}`, {
        ran: `${ran} of ${tasks}`,
        early,
        'out of order': outOfOrder,
        'late p50 / p99 / max, ms': line(latenessMs),
        'plain timers, ms': line(machineMs),
      });
      demand(ran === tasks && early === 0, `delayed, ${engine}: all ran, none early`);
      if (machineMs.p99 <= IDLE_MACHINE_MS)
        demand(latenessMs.p99 <= 5, `delayed, ${engine}: p99 at most 5 ms`);
      else console.log('The machine is busy with something else: how late they are is not judged.\n');
    }
  },

  async idle(redis) {
    for (const [engine, server] of [
      ['embedded', undefined],
      ['redis', redis],
    ] as const) {
      for (const queues of [1, 10] as const) {
        const seconds = IDLE_MS / 1_000;
        const { commands, commandsInAll, timersFired } = await idle(server, queues, IDLE_MS);
        print(`Idle for ${seconds} s, ${queues} queues and processors, ${engine}`, {
          ...(server && {
            'Redis commands': commandsInAll,
            'of which':
              Object.entries(commands)
                .map(([name, calls]) => `${name} ${calls}`)
                .join(', ') || 'none',
          }),
          'timers fired': timersFired,
        });
        demand(
          commandsInAll <= seconds * IDLE_COMMANDS,
          `idle, ${queues} queues, ${engine}: at most ${IDLE_COMMANDS} commands a second`,
        );
        demand(timersFired <= seconds, `idle, ${queues} queues, ${engine}: at most 1 timer a second`);
      }
    }
  },

  async connections(redis) {
    const report = await connections(redis, 10);
    print('Connections of a process with 10 queues and 10 processors', {
      idle: report.idle,
      'awaiting 10 results': report.awaitingResults,
    });
    demand(Math.max(report.idle, report.awaitingResults) <= 3, 'connections: at most 3');
  },
};

function engines(redis: RedisServer): readonly (readonly [string, string | undefined])[] {
  return [
    ['embedded', undefined],
    ['redis', redis.url],
  ];
}

function line({ p50, p99, max }: Distribution): string {
  return [p50, p99, max].map((ms) => ms.toFixed(2)).join(' / ');
}

function print(title: string, rows: Readonly<Record<string, string | number>>): void {
  console.log(`${table(title, rows)}\n`);
}

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(scenarios);
for (const name of chosen) {
  const scenario = scenarios[name];
  if (!scenario) throw new Error(`no scenario named ${name}; there are ${Object.keys(scenarios).join(', ')}`);
  // Each has a server to itself: what another one left behind would be counted.
  await using redis = await startRedis();
  try {
    await scenario(redis);
  } catch (error) {
    failures.push(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}
console.log(failures.length === 0 ? 'everything holds' : `does not hold:\n  ${failures.join('\n  ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;
