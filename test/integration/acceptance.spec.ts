import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connections } from '../acceptance/connections.scenario.js';
import { delayed } from '../acceptance/delayed.scenario.js';
import { idle } from '../acceptance/idle.scenario.js';
import { kill, SLOTS } from '../acceptance/kill.scenario.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/** The short runs of what `npm run test:acceptance` measures; here, nothing depends on how fast the machine is. */
describe('processes of an application', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(() => redis.stop());

  it('lose no task when one of them is killed, and repeat only what it had in hand, within 5 s', async () => {
    const report = await kill(redis.url, 2_000, 20);
    expect(report).toMatchObject({ lost: 0, needlessDuplicates: 0 });
    expect(report.left).toEqual({ waiting: 0, delayed: 0, active: 0, dead: 0 });
    expect(report.inHand).toBeGreaterThan(0);
    expect(report.inHand).toBeLessThanOrEqual(SLOTS);
    expect(report.runAgainWithinMs).toBeLessThanOrEqual(5_000);
  });

  describe.each(['embedded', 'redis'] as const)('on the %s engine', (engine) => {
    it('run delayed tasks in order, all of them and none early', async () => {
      const report = await delayed(engine === 'redis' ? redis.url : undefined, 200, 1_000);
      expect(report).toMatchObject({ ran: 200, early: 0, outOfOrder: 0 });
    });

    it('do not poll while they are idle', async () => {
      const queues = 10;
      const { commandsInAll, timersFired } = await idle(
        engine === 'redis' ? redis : undefined,
        queues,
        3_000,
      );
      expect(commandsInAll).toBeLessThan(queues);
      // The heartbeat that finds nothing in hand any more.
      expect(timersFired).toBeLessThanOrEqual(2);
    });
  });

  it('hold at most 3 connections for 10 queues and 10 processors, awaited results included', async () => {
    const { idle, awaitingResults } = await connections(redis, 10);
    expect(idle).toBeLessThanOrEqual(3);
    expect(awaitingResults).toBeLessThanOrEqual(3);
  });
});
