import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { monotonic } from '../model/cache-history.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { CacheFleet } from './cache-fleet.js';
import { callsOf, gateOf, type Answered, type Calling, type Producing } from './cache-node.messages.js';
import type { CacheNode } from './cache-node.js';

const PROCESSES = 4;
const CALLERS = 50;
const KEY = 'report:today';
/** Whoever makes a value and dies is missed after so long. */
const TAKEN_OVER_MS = 3_000;
/** More than a lease that nobody renews can gain by rounding. */
const ROUNDING_MS = 100;

/** One factory makes a value for all processes, whatever becomes of the process that runs it. */
describe('one factory call for all processes', () => {
  let fleet: CacheFleet;
  let redis: Redis;
  let namespace: string;

  beforeAll(async () => {
    fleet = await CacheFleet.start(PROCESSES);
    redis = new Redis(fleet.redis.url);
  }, 60_000);

  beforeEach(async () => {
    namespace = uniqueNamespace('flight');
    await Promise.all(fleet.nodes.map((node) => node.open(namespace)));
  });

  afterAll(async () => {
    await redis.quit();
    await fleet.kill();
  });

  const calling = (factory: Partial<Producing>, options: Calling['options'] = {}): Calling => ({
    ...{ namespace, key: KEY, callers: CALLERS, options },
    factory: { held: [], failing: [], ...factory },
  });

  /** The pids of those whose factory was called, in order. */
  const calls = async (): Promise<number[]> => (await redis.lrange(callsOf(namespace), 0, -1)).map(Number);
  const letGo = (call: number): Promise<number> => redis.lpush(gateOf(namespace, call), 'go');

  /** All call; once all wait, `meanwhile` happens. Returns what each process got. */
  async function callAll(
    what: Calling,
    meanwhile: (leader: CacheNode) => Promise<unknown>,
    isLost: (node: CacheNode, leader: CacheNode) => boolean = () => false,
  ): Promise<Answered[][]> {
    const called = fleet.nodes.map((node) => ({ node, ...node.call(what) }));
    await Promise.all(called.map(({ waiting }) => waiting));
    const leader = await eventually(async () => {
      const [pid] = await calls();
      const found = fleet.nodes.find((node) => node.pid === pid);
      if (!found) throw new Error('no factory was called');
      return found;
    });
    for (const { node, answers } of called) if (isLost(node, leader)) answers.catch(() => undefined);
    await meanwhile(leader);
    return Promise.all(called.flatMap(({ node, answers }) => (isLost(node, leader) ? [] : [answers])));
  }

  const everywhere = (value: unknown, processes = PROCESSES): Answered[][] =>
    Array.from({ length: processes }, () => Array.from({ length: CALLERS }, () => ({ value })));

  const found = (): Promise<unknown[]> => Promise.all(fleet.nodes.map((node) => node.get(namespace, KEY)));

  it('serves every caller of a cold key', async () => {
    const answers = await callAll(calling({ held: [1] }), () => letGo(1));

    expect(answers).toEqual(everywhere('made by call 1'));
    expect(await calls()).toHaveLength(1);
    expect(await found()).toEqual(fleet.nodes.map(() => 'made by call 1'));
  });

  it('fails for every caller, and the next one has another one called', async () => {
    const answers = await callAll(calling({ held: [1], failing: [1] }), () => letGo(1));

    const error = {
      name: 'RangeError',
      message: 'call 1 was to fail',
      own: { status: 503, details: { number: 1 } },
    };
    expect(answers.flat()).toEqual(Array.from({ length: PROCESSES * CALLERS }, () => ({ error })));
    expect(await calls()).toHaveLength(1);
    const [node] = fleet.nodes;
    expect(await node?.call({ ...calling({}), callers: 1 }).answers).toEqual([{ value: 'made by call 2' }]);
  });

  it('keeps its error for errorTtl', async () => {
    const what = calling({ held: [1], failing: [1] }, { errorTtl: '20s' });
    await callAll(what, () => letGo(1));

    for (const node of fleet.nodes) {
      const [answer] = await node.call({ ...what, callers: 1 }).answers;
      expect(answer).toMatchObject({ error: { message: 'call 1 was to fail' } });
    }
    expect(await calls()).toHaveLength(1);
  });

  it('has what is stale served meanwhile', async () => {
    const stale = { ttl: 1, grace: '1m' } as const;
    const [first] = fleet.nodes;
    expect(await first?.call({ ...calling({}, stale), callers: 1 }).answers).toEqual([
      { value: 'made by call 1' },
    ]);
    await eventually(async () => expect(await first?.get(namespace, KEY)).toBeUndefined());

    const what = calling({ held: [2] }, { ttl: '1m', grace: '1m' });
    const answers = await Promise.all(fleet.nodes.map((node) => node.call(what).answers));

    expect(answers).toEqual(everywhere('made by call 1'));
    await letGo(2);
    await eventually(async () => expect(await found()).toEqual(fleet.nodes.map(() => 'made by call 2')));
    expect(await calls()).toHaveLength(2);
  });

  it('stores nothing when its process was stopped for longer than its lease', async () => {
    let stopped: CacheNode | undefined;
    const answers = await callAll(calling({ held: [1] }), async (leader) => {
      stopped = leader;
      leader.pause();
      const others = fleet.nodes.filter((node) => node !== leader);
      await eventually(
        async () =>
          expect(await Promise.all(others.map((node) => node.get(namespace, KEY)))).toEqual(
            others.map(() => 'made by call 2'),
          ),
        { within: TAKEN_OVER_MS },
      );
      leader.resume();
      await letGo(1);
    });

    expect(stopped).toBeDefined();
    expect(
      answers.filter((own) => own[0] && 'value' in own[0] && own[0].value === 'made by call 2'),
    ).toHaveLength(PROCESSES - 1);
    expect(await calls()).toHaveLength(2);
    expect(await found()).toEqual(fleet.nodes.map(() => 'made by call 2'));
  });

  it('keeps the right to store it for as long as it takes', async () => {
    const lease = `${namespace}:fill:default:{${KEY}}`;
    const answers = await callAll(calling({ held: [1] }), async () => {
      let least = await redis.pttl(lease);
      await eventually(async () => {
        const left = await redis.pttl(lease);
        least = Math.min(least, left);
        expect(left).toBeGreaterThan(least + ROUNDING_MS);
      });
      await letGo(1);
    });

    expect(answers).toEqual(everywhere('made by call 1'));
    expect(await calls()).toHaveLength(1);
  });

  /** The last one: a process is gone then. */
  it('is made again when its process was killed', async () => {
    let killedAt = 0;
    const answers = await callAll(
      calling({ held: [1] }),
      async (leader) => {
        killedAt = monotonic();
        await leader.kill();
      },
      (node, leader) => node === leader,
    );

    expect(monotonic() - killedAt).toBeLessThan(TAKEN_OVER_MS);
    expect(answers).toEqual(everywhere('made by call 2', PROCESSES - 1));
    expect(await calls()).toHaveLength(2);
  });
});
