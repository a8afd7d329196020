import { expect, it } from '@jest/globals';
import type { Ack, QueueSettings } from '../../lib/task/task.broker.js';
import { cancelled, completed, dead, one, parked, retried, tasks, type Fleet } from './task-broker.fleet.js';
import { grouped } from './task-broker.groups.js';

const concurrency = (most: number): Partial<QueueSettings> => ({ limits: { group: { concurrency: most } } });

export function groupConcurrencyCases(fleet: () => Fleet): void {
  it('lets no more of a group be in hand than the limit, whoever claims, and others go on', async () => {
    const [ann, bob] = [await fleet().worker(concurrency(2)), await fleet().worker(concurrency(2))];
    await ann.queue.add([...grouped('a', 5), ...grouped('b', 1), ...tasks('x', 'y', 'z')]);

    const had = [...(await ann.claim(3)), ...(await bob.claim(9))];

    expect([...had].sort()).toEqual(['a1', 'a2', 'b1', 'x', 'y', 'z']);
    expect(await ann.queue.counts()).toMatchObject({ waiting: 3, active: 6 });
    expect(await ann.list('waiting')).toEqual(['a3', 'a4', 'a5']);
    expect(await ann.states('a3')).toEqual(['waiting']);
  });

  it('hands the next one of the group to somebody idle when one leaves the hand', async () => {
    const [ann, bob] = [await fleet().worker(concurrency(2)), await fleet().worker(concurrency(2))];
    await ann.queue.add(grouped('a', 5));
    await ann.claim(2);
    expect(await bob.claim(9)).toEqual([]);

    await ann.step(0, completed('a1'));

    expect(await bob.handedIds()).toEqual(['a3']);
    expect(await bob.claim(9, completed('a3'))).toEqual(['a4']);
  });

  it('frees the slot in whatever way the task leaves the hand', async () => {
    const ways: Readonly<Record<string, Ack>> = {
      completed: completed('a1'),
      dead: dead('a1'),
      parked: parked('a1'),
      cancelled: cancelled('a1'),
      delayed: retried('a1', 60_000),
      'kept nowhere': { ...completed('a1'), to: 'completed', keepMs: 0 },
    };
    for (const [way, ack] of Object.entries(ways)) {
      const worker = await fleet().worker({ name: way, ...concurrency(1) });
      await worker.queue.add(grouped('a', 2));
      expect(await worker.claim(2)).toEqual(['a1']);

      expect([way, await worker.claim(2, ack)]).toEqual([way, ['a2']]);
    }
  });

  it('frees the slot of a task that is given back, and serves that one first', async () => {
    const [ann, bob] = [await fleet().worker(concurrency(1)), await fleet().worker(concurrency(1))];
    await ann.queue.add(grouped('a', 3));
    await ann.claim(1);
    expect(await bob.claim(1)).toEqual([]);

    await ann.queue.leave(ann.consumer);

    expect(await fleet().places()).toMatchObject({ active: [expect.stringMatching(/^a[12]$/)] });
    const [first = ''] = await bob.handedIds();
    const rest: string[] = [];
    for (let last = first; last; [last = ''] = await bob.claim(1, completed(last))) rest.push(last);
    expect([...rest].sort()).toEqual(['a1', 'a2', 'a3']);
    expect(rest.indexOf('a1')).toBeLessThan(rest.indexOf('a3'));
  });

  it('frees the slots of a dead consumer', async () => {
    const [ann, bob] = [await fleet().worker(concurrency(2)), await fleet().worker(concurrency(2))];
    await ann.queue.add(grouped('a', 4));
    expect(await ann.claim(2)).toEqual(['a1', 'a2']);
    expect(await bob.claim(9)).toEqual([]);
    await fleet().kill(ann);

    const claimed = await fleet().outlive(bob, 9);

    expect(claimed).toHaveLength(2);
    expect(await bob.queue.counts()).toMatchObject({ active: 2, waiting: 2 });
  });

  it('keeps the order within a group that is held back, whatever is added meanwhile', async () => {
    const worker = await fleet().worker(concurrency(1));
    await worker.queue.add(grouped('a', 3));
    await worker.claim(5);
    await worker.queue.add(grouped('a', 2, {}, 4));

    const claimed: string[] = [];
    for (const id of ['a1', 'a2', 'a3', 'a4', 'a5']) claimed.push(...(await worker.claim(5, completed(id))));

    expect(claimed).toEqual(['a2', 'a3', 'a4', 'a5']);
  });

  it('keeps the order within a group when not all of it has been looked at', async () => {
    const worker = await fleet().worker(concurrency(1));
    await worker.queue.add([...grouped('a', 3), ...grouped('b', 2)]);
    expect(await worker.claim(2)).toEqual(['a1', 'b1']);
    // The second one is held back on the way, the third is not reached.
    expect(await worker.claim(2, completed('b1'))).toEqual(['b2']);
    await worker.queue.add(grouped('a', 1, {}, 4));

    const claimed: string[] = [];
    for (const id of ['a1', 'a2', 'a3', 'a4']) claimed.push(...(await worker.claim(3, completed(id))));

    expect(claimed).toEqual(['a2', 'a3', 'a4']);
  });

  it('keeps the order of those that go on one after the other, before anybody claims them', async () => {
    const worker = await fleet().worker(concurrency(2));
    await worker.queue.add(['z', 'y', 'x', 'w', 'v'].map((id) => one(id, { group: 'g' })));
    expect(await worker.claim(9)).toEqual(['z', 'y']);
    await worker.queue.pause();
    await worker.step(9, completed('z'));
    await worker.step(9, completed('y'));

    await worker.queue.resume();

    expect([...(await worker.handedIds()), ...(await worker.claim(9))]).toEqual(['x', 'w']);
  });

  it('serves the higher priority of what is held back first', async () => {
    const worker = await fleet().worker(concurrency(1));
    await worker.queue.add(grouped('a', 3));
    await worker.claim(5);
    await worker.queue.add(grouped('a', 1, { priority: 9 }, 8));
    await worker.queue.add(grouped('a', 1, { priority: 1 }, 9));

    const claimed: string[] = [];
    for (const id of ['a1', 'a8', 'a2', 'a3']) claimed.push(...(await worker.claim(5, completed(id))));

    expect(claimed).toEqual(['a8', 'a2', 'a3', 'a9']);
  });

  it('lets the next of the group go when the one whose turn it was is taken away', async () => {
    for (const how of ['remove', 'cancel'] as const) {
      const settings = { name: how, ...concurrency(1) };
      const worker = await fleet().worker(settings);
      await worker.queue.add(grouped('a', 4));
      await worker.claim(5);
      await worker.step(0, completed('a1'));
      await worker.queue[how](['a2']);

      expect(await worker.claim(5)).toEqual(['a3']);
    }
  });

  it('removes and cancels what is held back', async () => {
    const worker = await fleet().worker(concurrency(1));
    await worker.queue.add(grouped('a', 4));
    await worker.claim(5);

    expect(await worker.queue.remove(['a2'])).toEqual(['removed']);
    expect(await worker.queue.cancel(['a3'])).toEqual(['cancelled']);

    expect(await worker.list('waiting')).toEqual(['a4']);
    expect(await worker.claim(5, completed('a1'))).toEqual(['a4']);
  });

  it('counts anew and lets go of what is held back when other limits hold', async () => {
    const worker = await fleet().worker(concurrency(1));
    await worker.queue.add([...grouped('a', 5), ...grouped('b', 2)]);
    expect(await worker.claim(9)).toEqual(['a1', 'b1']);
    await worker.step(0);

    const deployed = await fleet().worker(concurrency(3));

    const claimed = await deployed.claim(9);
    expect([...claimed].sort()).toEqual(['a2', 'a3', 'b2']);
    expect(await deployed.claim(9, completed('b2'), completed('a2'))).toEqual(['a4']);
  });

  it('counts what was active before there was a limit', async () => {
    const free = await fleet().worker();
    await free.queue.add(grouped('a', 4));
    expect(await free.claim(2)).toEqual(['a1', 'a2']);

    const limited = await fleet().worker(concurrency(2));

    expect(await limited.claim(9)).toEqual([]);
    await free.step(0, completed('a1'));
    expect(await limited.handedIds()).toEqual(['a3']);
  });

  it('lets everything go when there is no limit any more', async () => {
    const worker = await fleet().worker(concurrency(1));
    await worker.queue.add(grouped('a', 4));
    await worker.claim(9);
    await worker.step(0);

    const free = await fleet().worker({ limits: {} });

    expect([...(await free.claim(9))].sort()).toEqual(['a2', 'a3', 'a4']);
  });

  it('keeps turns between groups that are held back', async () => {
    const worker = await fleet().worker(concurrency(1));
    await worker.queue.add([...grouped('a', 9), ...grouped('b', 3)]);
    expect(await worker.claim(9)).toEqual(['a1', 'b1']);

    expect([...(await worker.claim(9, completed('a1'), completed('b1')))].sort()).toEqual(['a2', 'b2']);
    expect(await worker.claim(9, completed('b2'))).toEqual(['b3']);
  });

  it('keeps the place of a task whose slot a suspect of its group takes', async () => {
    const settings = { maxCrashes: 9, ...concurrency(1) };
    const observer = await fleet().worker(settings);
    const doomed = await fleet().worker(settings);
    await observer.queue.add(grouped('a', 4));
    expect(await doomed.claim(1)).toEqual(['a1']);
    expect(await observer.claim(9)).toEqual([]);
    await observer.step(0);
    await fleet().kill(doomed);
    await fleet().outlive(observer, 0);
    expect((await fleet().look()).places.suspects).toEqual(['a1']);

    const claimed: string[] = [];
    for (let last = await observer.claim(9); last.length > 0;) {
      claimed.push(...last);
      last = await observer.claim(9, ...last.map((id) => completed(id)));
    }

    expect(claimed).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('limits suspects of a group, too', async () => {
    const settings = { maxCrashes: 9, ...concurrency(1) };
    const observer = await fleet().worker(settings);
    await observer.queue.add(grouped('a', 1));
    const doomed = await fleet().worker(settings);
    await doomed.claim(1);
    await fleet().kill(doomed);
    await fleet().outlive(observer, 0);
    expect(await fleet().places()).toEqual({ suspects: ['a1'] });
    await observer.queue.add(grouped('a', 1, {}, 2));
    const [ann, bob] = [await fleet().worker(settings), await fleet().worker(settings)];

    const had = [...(await ann.claim(9)), ...(await bob.claim(9))];

    expect(had).toEqual(['a1']);
  });
}
