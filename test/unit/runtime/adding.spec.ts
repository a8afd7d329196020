import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '../../../lib/common/logger.js';
import { EmbeddedEngine } from '../../../lib/engines/embedded/embedded-engine.js';
import { RedisKeys } from '../../../lib/engines/redis/redis-keys.js';
import type { LuaScript } from '../../../lib/engines/redis/lua.js';
import type { RedisInbox } from '../../../lib/engines/redis/redis-inbox.js';
import type { RedisLink } from '../../../lib/engines/redis/redis-link.js';
import { RedisTaskBroker } from '../../../lib/engines/redis/redis-task.broker.js';
import type { NewTask, QueueSettings } from '../../../lib/task/task.broker.js';
import { ManualClock } from '../../support/manual-clock.js';
import { clientOf } from '../task/client-of.js';

const RETENTION = { count: 10, ageMs: 1_000, bytes: undefined };
const SETTINGS: QueueSettings = {
  name: 'work',
  leaseMs: 1_000,
  idleLeaseMs: 10_000,
  maxCrashes: 3,
  keep: { completed: RETENTION, dead: RETENTION, cancelled: RETENTION, expired: RETENTION },
  limits: undefined,
};

describe('adding in memory', () => {
  it('lets the event loop turn, however often it is done in a row', async () => {
    const engine = new EmbeddedEngine(silentLogger, new ManualClock());
    const client = clientOf(engine.tasks.queue(SETTINGS), engine.clock);
    let turned = 0;
    const turn = setInterval(() => turned++, 0);
    for (let added = 0; added < 50_000 && turned <= 3; added++) await client.add('run');
    clearInterval(turn);
    await engine.close();
    expect(turned).toBeGreaterThan(3);
  });
});

describe('adding many tasks to Redis', () => {
  async function callsFor(tasks: readonly NewTask[]): Promise<string[][]> {
    const calls: string[][] = [];
    const link = {
      onBack: () => undefined,
      run: async ({ name }: LuaScript, _keys: readonly string[], args: readonly string[]) => {
        if (name !== 'add') return 1;
        const added = args.slice(5);
        calls.push(added.filter((_, i) => i % 2 === 0));
        return new Array<number>(added.length / 2).fill(1);
      },
    } as unknown as RedisLink;
    const inbox = { on: () => undefined, onGap: () => undefined } as unknown as RedisInbox;
    const broker = new RedisTaskBroker(link, inbox, new RedisKeys('test'), 'p1');
    expect(await broker.queue(SETTINGS).add(tasks)).toHaveLength(tasks.length);
    return calls;
  }
  const task = (id: number, size: number): NewTask => ({ id: String(id), envelope: 'x'.repeat(size) });

  it('is done 500 at a time', async () => {
    const calls = await callsFor(Array.from({ length: 1_200 }, (_, i) => task(i, 1)));
    expect(calls.map((ids) => ids.length)).toEqual([500, 500, 200]);
    expect(calls.flat()).toEqual(Array.from({ length: 1_200 }, (_, i) => String(i)));
  });

  it('is done about a megabyte at a time, and one that is larger goes alone', async () => {
    const sizes = [400_000, 400_000, 400_000, 3_000_000, 1, 1];
    const calls = await callsFor(sizes.map((size, i) => task(i, size)));
    expect(calls).toEqual([['0', '1'], ['2'], ['3'], ['4', '5']]);
  });
});
