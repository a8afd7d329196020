import { expect, it } from '@jest/globals';
import type { Ack } from '../../lib/task/task.broker.js';
import { replacedOutcome } from '../../lib/task/task.outcome.js';
import { numberOf } from './task-broker.engine.js';
import {
  ADDED,
  cancelled,
  completed,
  dead,
  exists,
  inPlaceOf,
  LEASE,
  parked,
  retried,
  tasks,
  type Fleet,
  type TestWorker,
} from './task-broker.fleet.js';
import { keyed } from './task-broker.unique.js';

export function keepingLastCases(fleet: () => Fleet): void {
  /** `first` is in the worker's hand, and `last` is blocked by it. */
  const blocked = async (settings = {}): Promise<TestWorker> => {
    const worker = await fleet().worker(settings);
    await worker.queue.add([keyed('first', 'keepLast')]);
    expect(await worker.claim(1)).toEqual(['first']);
    expect(await worker.queue.add([keyed('last', 'keepLast')])).toEqual([ADDED]);
    expect(await worker.states('last')).toEqual(['blocked']);
    expect(await worker.claim(5)).toEqual([]);
    await worker.step(0);
    return worker;
  };

  /** It runs, and has the key: others go behind it. */
  const expectRunning = async (worker: TestWorker): Promise<void> => {
    expect(await worker.states('last')).toEqual(['waiting']);
    expect(await worker.claim(5)).toEqual(['last']);
    expect(await worker.queue.add([keyed('more', 'keepLast')])).toEqual([ADDED]);
    expect(await worker.states('more')).toEqual(['blocked']);
  };

  const ENDS: Readonly<Record<string, Ack>> = {
    completed: completed('first'),
    'completed, kept nowhere': { ...completed('first'), to: 'completed', keepMs: 0 },
    dead: dead('first'),
    cancelled: cancelled('first'),
  };
  for (const [how, ack] of Object.entries(ENDS)) {
    it(`runs the last one after the first has ended as ${how}`, async () => {
      const worker = await blocked();

      await worker.step(0, ack);

      await expectRunning(worker);
    });
  }

  it('hands the last one over at once when the first has ended', async () => {
    const worker = await blocked();

    expect(await worker.claim(1, completed('first'))).toEqual(['last']);
  });

  it('runs the last one after the first was cancelled in hand', async () => {
    const worker = await blocked();
    await worker.queue.cancel(['first']);

    await worker.step(0, retried('first', 60_000));

    expect(await worker.states('first')).toEqual(['cancelled']);
    await expectRunning(worker);
  });

  it('runs the last one after the first was cancelled or removed between two attempts', async () => {
    for (const how of ['cancel', 'remove'] as const) {
      const worker = await blocked({ name: how });
      await worker.step(0, retried('first', 60_000));
      expect(await worker.states('last')).toEqual(['blocked']);

      await worker.queue[how](['first']);

      await expectRunning(worker);
    }
  });

  it('runs the last one after the first was cleaned away', async () => {
    const worker = await blocked();
    await worker.step(0, retried('first', 60_000));

    expect(await worker.queue.clean('delayed', 0)).toBe(1);

    await expectRunning(worker);
  });

  it('runs the last one after the first was buried with its worker', async () => {
    const doomed = await blocked({ maxCrashes: 1 });
    const alive = await fleet().worker({ maxCrashes: 1 });
    await fleet().kill(doomed);

    await fleet().outlive(alive, 0);

    expect(await alive.states('first')).toEqual(['dead']);
    await expectRunning(alive);
  });

  it('runs the last one after the first was cancelled with its worker', async () => {
    for (const how of ['leaves', 'dies'] as const) {
      const worker = await blocked({ name: how });
      const alive = await fleet().worker({ name: how });
      await worker.queue.cancel(['first']);

      if (how === 'leaves') await worker.queue.leave(worker.consumer);
      else {
        await fleet().kill(worker);
        await fleet().outlive(alive, 0);
      }

      expect(await alive.states('first')).toEqual(['cancelled']);
      await expectRunning(alive);
    }
  });

  it('runs the last one after a parked first was ended', async () => {
    const worker = await blocked();
    await worker.step(0, parked('first'));
    expect(await worker.states('last')).toEqual(['blocked']);

    await worker.queue.cancel(['first']);

    await expectRunning(worker);
  });

  it('leaves nothing of either when the queue is obliterated', async () => {
    const worker = await blocked();

    await worker.queue.obliterate();

    expect(await fleet().places()).toEqual({});
    expect(await worker.queue.add([keyed('new', 'keepLast')])).toEqual([ADDED]);
    expect(await worker.states('new')).toEqual(['waiting']);
  });

  it('keeps it blocked while the first is tried again, given back or taken from a dead worker', async () => {
    const worker = await blocked();
    expect(await worker.claim(1, retried('first'))).toEqual(['first']);
    await worker.join({ consumer: worker.consumer, keep: [] });
    expect(await worker.claim(1)).toEqual(['first']);
    const alive = await fleet().worker();
    await fleet().kill(worker);
    expect(await fleet().outlive(alive, 1)).toEqual(['first']);

    expect(await alive.states('last')).toEqual(['blocked']);
    expect(await alive.claim(1, completed('first'))).toEqual(['last']);
  });

  it('keeps the last of those that come while the first is active', async () => {
    const worker = await blocked();
    await worker.queue.awaitOutcome('last');

    expect(await worker.queue.add([keyed('later', 'keepLast')])).toEqual([inPlaceOf('last')]);
    expect(await worker.queue.add([keyed('latest', 'keepLast')])).toEqual([inPlaceOf('later')]);

    expect(await worker.queue.read(['last', 'later'])).toMatchObject([
      { state: 'cancelled', outcome: replacedOutcome('later') },
      { state: 'cancelled', outcome: replacedOutcome('latest') },
    ]);
    expect(await worker.told()).toEqual([
      { id: 'last', state: 'cancelled', outcome: replacedOutcome('later') },
    ]);
    expect(await worker.claim(5, completed('first'))).toEqual(['latest']);
  });

  it('takes the place of both when the first is between two attempts', async () => {
    const worker = await blocked();
    await worker.step(0, retried('first', 60_000));

    expect((await worker.queue.add([keyed('newest', 'keepLast')]))[0]?.to).toBe('added');

    expect(await worker.states('first', 'last', 'newest')).toEqual(['cancelled', 'cancelled', 'waiting']);
    expect(await worker.claim(5)).toEqual(['newest']);
  });

  it('delays the last one when its time has not come', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([keyed('first', 'keepLast')]);
    await worker.claim(1);
    await worker.queue.add([keyed('last', 'keepLast', { due: { inMs: 1_000 } })]);
    const at = fleet().engine.now() + 1_000;
    await fleet().advance(400);

    const { nextMs } = await worker.step(1, completed('first'));

    expect(await worker.queue.read(['last'])).toMatchObject([{ state: 'delayed', at }]);
    expect(nextMs).toBe(600);
    await fleet().advance(600);
    expect(await worker.claim(1)).toEqual(['last']);
  });

  it('frees the place behind the first when the last is cancelled, removed or expires', async () => {
    for (const how of ['cancel', 'remove', 'clean', 'expire'] as const) {
      const worker = await fleet().worker({ name: how });
      await worker.queue.add([keyed('first', 'keepLast')]);
      await worker.claim(1);
      await worker.queue.add([{ ...keyed('last', 'keepLast'), expiresInMs: LEASE / 4 }]);

      if (how === 'clean') expect(await worker.queue.clean('blocked', 0)).toBe(1);
      else if (how === 'expire') {
        await fleet().advance(LEASE / 4);
        await worker.step(1);
      } else await worker.queue[how](['last']);

      const [state] = await worker.states('last');
      expect([how, state]).toEqual([
        how,
        how === 'cancel' ? 'cancelled' : how === 'expire' ? 'expired' : undefined,
      ]);
      expect(await worker.queue.add([keyed('other', 'reject')])).toEqual([exists('first')]);
      expect(await worker.queue.add([keyed('more', 'keepLast')])).toEqual([ADDED]);
      expect(await worker.claim(5, completed('first'))).toEqual(['more']);
    }
  });

  it('keeps the group, the priority and the place of the last one', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([keyed('first', 'keepLast'), ...tasks('x')]);
    await worker.claim(1);
    await worker.queue.add([{ ...keyed('last', 'keepLast'), priority: 8, group: 'g' }]);

    expect(await worker.queue.list('blocked', 0, -1)).toEqual(['last']);
    expect(await worker.claim(5, completed('first'))).toEqual(['last', 'x']);
    expect(await worker.queue.read(['last'])).toMatchObject([{ priority: 8, group: 'g', uniqueKey: 'k' }]);
  });

  it('does not run two of a key at once, however many come', async () => {
    const [ann, bob] = [await fleet().worker(), await fleet().worker()];
    await ann.claim(3);
    await bob.claim(3);
    const ran = new Set<string>();
    for (let turn = 0; turn < 6; turn++) {
      await ann.queue.add([keyed(`a${turn}`, 'keepLast')]);
      await bob.queue.add([keyed(`b${turn}`, 'keepLast')]);
      const { holders } = await fleet().look();
      expect(holders.size).toBe(1);
      for (const [id, number] of holders) {
        ran.add(id);
        const owner = numberOf(ann.consumer) === number ? ann : bob;
        await owner.step(3, completed(id));
      }
    }

    expect(await ann.list('active')).toEqual(['b5']);
    expect([...ran]).toEqual(['a0', 'b0', 'b1', 'b2', 'b3', 'b4']);
    expect(await ann.queue.counts()).toMatchObject({ blocked: 0, waiting: 0 });
  });
}
