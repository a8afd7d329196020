import { expect, it } from '@jest/globals';
import type { Rooms } from '../../lib/task/task.broker.js';
import { completed, one, retried, type Fleet, type TestWorker } from './task-broker.fleet.js';

interface Room {
  readonly free: number;
  readonly apart?: boolean;
}

const rooms = (shared: number, names: Readonly<Record<string, Room>>): Rooms => ({
  shared,
  names: Object.entries(names).map(([name, { free, apart = false }]) => ({ name, free, apart })),
});

const named = (name: string, ...ids: readonly string[]) => ids.map((id) => one(id, { name }));

/** Pushes that ask for a look at once. */
const calls = async (worker: TestWorker): Promise<number> =>
  (await worker.dues()).filter((inMs) => inMs === 0).length;

export function roomCases(fleet: () => Fleet): void {
  it('claims of each name for what room it has, and of all for what is shared', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([
      ...named('x', 'x1', 'x2', 'x3'),
      ...named('y', 'y1', 'y2'),
      ...named('z', 'z1', 'z2'),
    ]);

    expect(await worker.claimFor(rooms(4, { x: { free: 2 }, y: { free: 1 } }))).toEqual([
      'x1',
      'x2',
      'y1',
      'z1',
    ]);
    expect(await worker.queue.counts()).toMatchObject({ waiting: 3, active: 4 });
    expect(await worker.claimFor(rooms(0, {}))).toEqual([]);
  });

  it('does not count a name that is apart among what is shared', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([...named('x', 'x1', 'x2', 'x3'), ...named('y', 'y1', 'y2')]);

    expect(await worker.claimFor(rooms(1, { x: { free: 2, apart: true } }))).toEqual(['x1', 'x2', 'y1']);
  });

  it('claims what is apart though nothing shared is left', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([...named('y', 'y1'), ...named('x', 'x1', 'x2')]);

    expect(await worker.claimFor(rooms(0, { x: { free: 1, apart: true }, y: { free: 5 } }))).toEqual(['x1']);
  });

  it('leaves a name without room to others, and passes it', async () => {
    const [ann, bob] = [await fleet().worker(), await fleet().worker()];
    await ann.queue.add([...named('x', 'x1', 'x2'), ...named('y', 'y1')]);

    expect(await ann.claimFor(rooms(5, { x: { free: 0 } }))).toEqual(['y1']);

    expect(await ann.states('x1', 'x2')).toEqual(['waiting', 'waiting']);
    expect(await bob.claim(5)).toEqual(['x1', 'x2']);
  });

  it('takes what was passed before everything else as soon as it has room, by priority', async () => {
    const worker = await fleet().worker();
    const none = rooms(5, { x: { free: 0 } });
    await worker.queue.add([...named('x', 'x1', 'x2'), ...named('y', 'y1')]);
    expect(await worker.claimFor(none)).toEqual(['y1']);
    await worker.queue.add([one('x3', { name: 'x', priority: 9 })]);
    expect(await worker.claimFor(none)).toEqual([]);
    await worker.queue.add([one('y2', { name: 'y', priority: 9 })]);

    expect(await worker.list('waiting')).toEqual(['x3', 'x1', 'x2', 'y2']);
    expect(await worker.claimFor(rooms(5, { x: { free: 2 } }))).toEqual(['x3', 'x1', 'y2']);
    expect(await worker.claim(9)).toEqual(['x2']);
  });

  it('never hands a task to a consumer with rooms, and tells it to look, once', async () => {
    const worker = await fleet().worker();
    expect(await worker.claimFor(rooms(5, { x: { free: 1 } }))).toEqual([]);

    await worker.queue.add(named('x', 'x1'));
    await worker.queue.add(named('y', 'y1'));

    expect(await worker.handed()).toEqual([]);
    expect(await calls(worker)).toBe(1);
    expect(await worker.claimFor(rooms(5, { x: { free: 1 } }))).toEqual(['x1', 'y1']);
    await worker.queue.add(named('y', 'y2'));
    expect(await calls(worker)).toBe(2);
  });

  it('tells nobody who has no room at all', async () => {
    const worker = await fleet().worker();
    await worker.claimFor(rooms(0, { x: { free: 0, apart: true } }));

    await worker.queue.add(named('x', 'x1'));

    expect(await worker.dues()).toEqual([]);
    expect(await worker.handed()).toEqual([]);
  });

  it('tells another one as well, at once or soon, should the first be dead', async () => {
    const [ann, bob] = [await fleet().worker(), await fleet().worker()];
    await ann.claimFor(rooms(5, {}));
    await bob.claimFor(rooms(5, {}));

    await ann.queue.add(named('x', 'x1'));

    const [first = 0, second = 0] = [...(await ann.dues()), ...(await bob.dues())].sort((a, b) => a - b);
    expect(first).toBe(0);
    expect(second).toBeLessThanOrEqual(2_001);
    expect([(await ann.dues()).length, (await bob.dues()).length]).toEqual([1, 1]);
  });

  it('hands over to idle consumers what those with rooms have no room for', async () => {
    const [ann, idle] = [await fleet().worker(), await fleet().worker()];
    await ann.queue.pause();
    await ann.claimFor(rooms(5, { x: { free: 0 } }));
    await idle.claim(2);
    await ann.queue.add(named('x', 'x1', 'x2', 'x3'));

    await ann.queue.resume();

    expect(await idle.handedIds()).toEqual(['x1', 'x2']);
    expect(await ann.claimFor(rooms(5, { x: { free: 0 } }))).toEqual([]);
    expect(await ann.list('waiting')).toEqual(['x3']);
  });

  it('finds somebody with room for a task that the one who was told could not take', async () => {
    const [ann, bob] = [await fleet().worker(), await fleet().worker()];
    const [annsRooms, bobsRooms] = [rooms(5, { x: { free: 0 } }), rooms(5, { x: { free: 5 } })];
    await ann.claimFor(annsRooms);
    await bob.claimFor(bobsRooms);
    await ann.queue.add(named('x', 'x1'));

    if ((await calls(ann)) > 0) expect(await ann.claimFor(annsRooms)).toEqual([]);

    expect(await calls(bob)).toBeGreaterThan(0);
    expect(await bob.claimFor(bobsRooms)).toEqual(['x1']);
  });

  it('does not make those without room tell each other for ever', async () => {
    const [ann, bob] = [await fleet().worker(), await fleet().worker()];
    const none = rooms(5, { x: { free: 0 } });
    await ann.claimFor(none);
    await bob.claimFor(none);
    await ann.queue.add(named('x', 'x1'));

    let steps = 0;
    for (let told = true; told && steps < 20;) {
      told = false;
      for (const worker of [ann, bob]) {
        if ((await calls(worker)) === 0) continue;
        worker.pushes.length = 0;
        expect(await worker.claimFor(none)).toEqual([]);
        steps++;
        told = true;
      }
    }

    expect(steps).toBeLessThan(6);
  });

  it('tells one with rooms when the next task falls due', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('a', { due: { inMs: 300 } })]);

    expect((await worker.stepFor(rooms(3, {}))).nextMs).toBe(300);
    await fleet().advance(300);
    expect(await worker.claimFor(rooms(3, {}))).toEqual(['a']);
  });

  it('removes, cancels and expires what was passed', async () => {
    const worker = await fleet().worker();
    const none = rooms(5, { x: { free: 0 } });
    await worker.queue.add([...named('x', 'x1', 'x2', 'x4'), one('x3', { name: 'x', expiresInMs: 100 })]);
    expect(await worker.claimFor(none)).toEqual([]);

    expect(await worker.queue.remove(['x1'])).toEqual(['removed']);
    expect(await worker.queue.cancel(['x2'])).toEqual(['cancelled']);
    await fleet().advance(100);
    await worker.stepFor(none);

    expect(await fleet().places()).toEqual({ waiting: ['x4'], cancelled: ['x2'], expired: ['x3'] });
    expect(await worker.claim(9)).toEqual(['x4']);
  });

  it('keeps a suspect of a name without room for others', async () => {
    const settings = { maxCrashes: 9 };
    const observer = await fleet().worker(settings);
    await observer.queue.add(named('x', 'x1'));
    const doomed = await fleet().worker(settings);
    await doomed.claim(1);
    await fleet().kill(doomed);
    await fleet().outlive(observer, 0);
    expect(await fleet().places()).toEqual({ suspects: ['x1'] });

    expect(await observer.claimFor(rooms(5, { x: { free: 0 } }))).toEqual([]);
    expect(await observer.claimFor(rooms(5, { x: { free: 1 } }))).toEqual(['x1']);
  });

  it('passes a task of a group without using up a slot of the group', async () => {
    const worker = await fleet().worker({ limits: { group: { concurrency: 1 } } });
    await worker.queue.add([one('a1', { name: 'x', group: 'a' }), one('a2', { name: 'y', group: 'a' })]);

    expect(await worker.claimFor(rooms(5, { x: { free: 0 } }))).toEqual(['a2']);
    expect(await worker.claim(5)).toEqual([]);
    expect(await worker.claim(5, completed('a2'))).toEqual(['a1']);
  });

  it('acknowledges and claims in the same step', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(named('x', 'x1', 'x2'));
    expect(await worker.claimFor(rooms(1, {}))).toEqual(['x1']);

    expect(await worker.claimFor(rooms(1, {}), retried('x1'))).toEqual(['x2']);
    expect(await worker.claimFor(rooms(2, {}), completed('x2'))).toEqual(['x1']);
  });
}
