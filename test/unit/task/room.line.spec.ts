import { describe, expect, it } from '@jest/globals';
import { DepotError, EngineClosedError, EngineUnavailableError } from '../../../lib/common/errors.js';
import { queueBackpressure, type QueueLimitOptions } from '../../../lib/task/queue.limits.js';
import type { Added, NewTask } from '../../../lib/task/task.broker.js';
import { QueueFullError } from '../../../lib/task/task.errors.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ScriptedBroker, turns } from '../runtime/scripted-broker.js';
import { clientOf } from './client-of.js';

/** A broker with room for so many tasks, and for so many of each group. */
class SmallBroker extends ScriptedBroker {
  room = 0;
  readonly groups = new Map<string, number>();
  private readonly listeners: (() => void)[] = [];

  override onAdd = async (tasks: readonly NewTask[]): Promise<readonly Added[]> =>
    tasks.map(({ group }) => this.place(group));

  override onRoom(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** There is room for so many more, and whoever was told that there was none hears of it. */
  makeRoom(by: number, group?: string): void {
    if (group === undefined) this.room += by;
    else this.groups.set(group, by);
    for (const listener of this.listeners) listener();
  }

  private place(group: string | undefined): Added {
    const left = group === undefined ? this.room : (this.groups.get(group) ?? 0);
    if (left === 0) return { to: 'full' };
    if (group === undefined) this.room--;
    else this.groups.set(group, left - 1);
    return { to: 'added' };
  }
}

function start(limits: QueueLimitOptions, listen?: () => Promise<void>) {
  const clock = new ManualClock();
  const broker = new SmallBroker();
  const settings = { backpressure: queueBackpressure(limits, 'queue') };
  return { clock, broker, client: clientOf(broker, clock, { settings, ...(listen && { listen }) }) };
}

const WAIT: QueueLimitOptions = { backpressure: { max: 5, policy: 'wait', timeout: '10s' } };

/** In which order these were settled, and how. */
function followed(...calls: readonly (readonly [string, Promise<unknown>])[]): string[] {
  const seen: string[] = [];
  for (const [name, call] of calls) {
    call.then(
      () => seen.push(name),
      (error: unknown) => seen.push(`${name} ${error instanceof DepotError ? error.code : 'failed'}`),
    );
  }
  return seen;
}

describe('a queue that is full', () => {
  it('refuses by default, and says how full it may be', async () => {
    const { client, broker } = start({ backpressure: { max: 5 } });
    await expect(client.add('a')).rejects.toMatchObject({
      constructor: QueueFullError,
      code: 'DEPOT_QUEUE_FULL',
      queue: 'work',
      max: 5,
      added: [],
      message: "queue 'work' is full: its backpressure.max of 5 is reached; 0 of 1 tasks were added",
    });
    expect(broker.count('add')).toBe(1);
  });

  it('refuses even when only another process knows of a limit', async () => {
    const { client } = start({});
    await expect(client.add('a')).rejects.toMatchObject({ code: 'DEPOT_QUEUE_FULL', max: undefined });
  });

  it('says which tasks of a bulk were added all the same', async () => {
    const { client, broker } = start({ backpressure: { max: 5 } });
    broker.room = 2;
    const bulk = ['a', 'b', 'c'].map((id) => ({ name: 'run', options: { id } }));
    const refused = await client.addBulk(bulk).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(QueueFullError);
    expect(refused).toMatchObject({ added: [{ id: 'a' }, { id: 'b' }], refused: [2] });
    expect((refused as QueueFullError).message).toContain('2 of 3 tasks were added');
  });

  it('refuses one caller and not the one who added in the same tick', async () => {
    const { client, broker } = start({ backpressure: { max: 5 } });
    broker.room = 1;
    const [first, second] = await Promise.allSettled([client.add('a'), client.add('b')]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
    expect(broker.count('add')).toBe(1);
  });
});

describe('an add that may wait', () => {
  it('waits until it is told that there is room, and asks for nothing meanwhile', async () => {
    const { client, broker, clock } = start(WAIT);
    const seen = followed(['a', client.add('run')]);
    await turns();
    const asked = broker.count('add');
    await clock.advance(9_000);
    expect(broker.count('add')).toBe(asked);
    expect(seen).toEqual([]);
    broker.makeRoom(1);
    await turns();
    expect(seen).toEqual(['a']);
    expect(clock.pending).toBe(0);
  });

  it('looks once more after it has begun to listen: what was said before is lost', async () => {
    let listening = (): void => undefined;
    const { client, broker } = start(WAIT, () => new Promise((resolve) => (listening = resolve)));
    const seen = followed(['a', client.add('run')]);
    await turns();
    broker.room = 1;
    listening();
    await turns();
    expect(seen).toEqual(['a']);
  });

  it('is served in the order of the calls', async () => {
    const { client, broker } = start(WAIT);
    const seen = followed(['a', client.add('run')], ['b', client.add('run')]);
    await turns();
    // There is room, but others were here before.
    broker.room = 1;
    seen.push('room');
    const late = followed(['c', client.add('run')]);
    await turns();
    expect([...seen, ...late]).toEqual(['room']);
    broker.makeRoom(0);
    await turns();
    expect(seen).toEqual(['room', 'a']);
    broker.makeRoom(2);
    await turns();
    expect([...seen, ...late]).toEqual(['room', 'a', 'b', 'c']);
  });

  it('is refused when it has waited for too long, and is not added later', async () => {
    const { client, broker, clock } = start(WAIT);
    const seen = followed(['a', client.add('run')]);
    await turns();
    await clock.advance(10_000);
    expect(seen).toEqual(['a DEPOT_QUEUE_FULL']);
    const asked = broker.count('add');
    broker.makeRoom(1);
    await turns();
    expect(broker.count('add')).toBe(asked);
  });

  it('is added when its time is over while the answer is on its way', async () => {
    const { client, broker, clock } = start(WAIT);
    const seen = followed(['a', client.add('run')]);
    await turns();
    let answer = (): void => undefined;
    broker.onAdd = async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      return [{ to: 'added' }];
    };
    broker.makeRoom(1);
    await turns();
    await clock.advance(10_000);
    expect(seen).toEqual([]);
    answer();
    await turns();
    expect(seen).toEqual(['a']);
  });

  it('is not tried again when its time is over while the answer is on its way, and that is no', async () => {
    const { client, broker, clock } = start(WAIT);
    const seen = followed(['a', client.add('run')]);
    await turns();
    let answer = (): void => undefined;
    broker.onAdd = async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      return [{ to: 'full' }];
    };
    broker.makeRoom(1);
    await turns();
    const asked = broker.count('add');
    // There is more room while it is asked for.
    broker.makeRoom(1);
    await clock.advance(10_000);
    expect(seen).toEqual([]);
    answer();
    await turns();
    expect(seen).toEqual(['a DEPOT_QUEUE_FULL']);
    expect(broker.count('add')).toBe(asked);
  });

  it('does not hold up other groups, however many wait before them', async () => {
    const { client, broker } = start({
      group: { backpressure: { max: 1, policy: 'wait' } },
    });
    const add = (group: string) => client.add('run', undefined, { group });
    const seen = followed(...Array.from({ length: 20 }, (_, i) => [`a${i}`, add('a')] as const), [
      'b',
      add('b'),
    ]);
    await turns();
    broker.makeRoom(1, 'b');
    await turns();
    expect(seen).toEqual(['b']);
    broker.makeRoom(1, 'a');
    await turns();
    expect(seen).toEqual(['b', 'a0']);
  });

  it('takes along a few at first, and more when they fit', async () => {
    const { client, broker } = start(WAIT);
    const seen = followed(
      ...Array.from({ length: 30 }, (_, i) => [String(i), client.add('run', i, { id: `t${i}` })] as const),
    );
    await turns();
    broker.calls.length = 0;
    broker.makeRoom(20);
    await turns();
    expect(broker.calls.map((call) => call.split(',').length)).toEqual([8, 16]);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
    broker.makeRoom(10);
    await turns();
    expect(seen).toHaveLength(30);
  });

  it('waits for a part of a bulk, and gives all handles in order', async () => {
    const { client, broker } = start(WAIT);
    broker.room = 1;
    const added = client.addBulk(['a', 'b', 'c'].map((id) => ({ name: 'run', options: { id } })));
    await turns();
    broker.makeRoom(2);
    expect((await added).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('ends with the application', async () => {
    const { client, clock } = start(WAIT);
    const waiting = client.add('run');
    const ended = expect(waiting).rejects.toThrow(EngineClosedError);
    await turns();
    client.close();
    await ended;
    expect(clock.pending).toBe(0);
    await expect(client.add('run')).rejects.toThrow(EngineClosedError);
  });

  it('outlives that the engine is away, and looks again after the gap', async () => {
    let away = true;
    const { client, broker } = start(WAIT, async () => {
      if (away) throw new EngineUnavailableError('away');
    });
    const seen = followed(['a', client.add('run')]);
    await turns();
    expect(seen).toEqual([]);
    away = false;
    broker.room = 1;
    broker.gap();
    await turns();
    expect(seen).toEqual(['a']);
  });

  it('looks again after a gap that came while the engine was found to be away', async () => {
    let fail = (_error: Error): void => undefined;
    let away = true;
    const { client, broker } = start(WAIT, () =>
      away ? new Promise((_, reject) => (fail = reject)) : Promise.resolve(),
    );
    const seen = followed(['a', client.add('run')]);
    await turns();
    broker.room = 1;
    broker.gap();
    away = false;
    fail(new EngineUnavailableError('away'));
    await turns();
    expect(seen).toEqual(['a']);
  });

  it('fails when nobody knows what came of it; others still wait', async () => {
    const { client, broker, clock } = start({
      ...WAIT,
      group: { backpressure: { max: 1, policy: 'wait', timeout: '10s' } },
    });
    const works = broker.onAdd;
    const add = (group?: string) => client.add('run', undefined, group === undefined ? {} : { group });
    const first = Array.from({ length: 8 }, (_, i) => [`a${i}`, add()] as const);
    await turns();
    const seen = followed(...first, ['b', add('b')]);
    await turns();
    broker.onAdd = () => Promise.reject(new EngineUnavailableError('away'));
    broker.makeRoom(0);
    await clock.advance(1_500);
    expect(seen.toSorted()).toEqual(first.map(([name]) => `${name} DEPOT_ENGINE_UNAVAILABLE`));
    broker.onAdd = works;
    broker.makeRoom(1, 'b');
    await turns();
    expect(seen.at(-1)).toBe('b');
  });
});
