import { expect, it } from '@jest/globals';
import type { QueueSettings } from '../../lib/task/task.broker.js';
import {
  ADDED,
  completed,
  exists,
  FULL,
  inPlaceOf,
  one,
  retried,
  task,
  tasks,
  type Fleet,
} from './task-broker.fleet.js';
import { grouped } from './task-broker.groups.js';
import { keyed } from './task-broker.unique.js';

const most = (backlog: number): Partial<QueueSettings> => ({ limits: { backlog } });

export function backlogCases(fleet: () => Fleet): void {
  it('takes tasks as long as there is room, in order, and says of each that does not fit', async () => {
    const worker = await fleet().worker(most(3));

    expect(await worker.queue.add([...tasks('a'), task('b', { inMs: 50 }), ...tasks('c', 'd', 'e')])).toEqual(
      [ADDED, ADDED, ADDED, FULL, FULL],
    );

    expect(await worker.queue.counts()).toMatchObject({ waiting: 2, delayed: 1 });
    expect(await worker.queue.read(['d'])).toEqual([undefined]);
    expect(await worker.queue.add(tasks('d'))).toEqual([FULL]);
  });

  it('counts neither what is active, blocked nor ended', async () => {
    const worker = await fleet().worker(most(2));
    await worker.queue.add([keyed('a', 'keepLast'), ...tasks('b')]);
    await worker.claim(2);
    await worker.step(0, completed('b'));
    expect(await worker.queue.add([keyed('blocked', 'keepLast')])).toEqual([ADDED]);

    expect(await worker.queue.add(tasks('c', 'd', 'e'))).toEqual([ADDED, ADDED, FULL]);
  });

  it('counts what is handed over at once until the call is over', async () => {
    const worker = await fleet().worker(most(2));
    await worker.claim(5);

    expect(await worker.queue.add(tasks('a', 'b', 'c'))).toEqual([ADDED, ADDED, FULL]);
    expect(await worker.handedIds()).toEqual(['a', 'b']);
    expect(await worker.queue.add(tasks('c', 'd'))).toEqual([ADDED, ADDED]);
  });

  it('takes back what has been in somebody’s hand however full it is', async () => {
    const worker = await fleet().worker(most(2));
    await worker.queue.add(tasks('a', 'b'));
    await worker.claim(2);
    await worker.queue.add(tasks('c', 'd'));

    await worker.step(0, retried('a'), retried('b', 50));

    expect(await worker.queue.counts()).toMatchObject({ waiting: 3, delayed: 1 });
    expect(await worker.queue.add(tasks('e'))).toEqual([FULL]);
    await worker.claim(2);
    expect(await worker.queue.add(tasks('e'))).toEqual([FULL]);
    await worker.claim(3);
    expect(await worker.queue.add(tasks('e'))).toEqual([ADDED]);
  });

  it('refuses nothing that does not make it longer', async () => {
    const worker = await fleet().worker(most(2));
    await worker.queue.add([keyed('a', 'replace'), ...tasks('b')]);

    expect(
      await worker.queue.add([...tasks('b'), keyed('c', 'replace'), keyed('d', 'reject'), ...tasks('e')]),
    ).toEqual([exists('b'), inPlaceOf('a'), exists('c'), FULL]);

    expect(await worker.list('waiting')).toEqual(['b', 'c']);
  });

  it('refuses what takes the place of something that is not in it', async () => {
    const worker = await fleet().worker(most(1));
    await worker.queue.add([keyed('a', 'keepLast')]);
    await worker.claim(1);
    await worker.queue.add([keyed('b', 'keepLast'), ...tasks('x')]);
    expect(await worker.states('b', 'x')).toEqual(['blocked', 'waiting']);

    expect(await worker.queue.add([keyed('c', 'keepLast'), ...tasks('y')])).toEqual([inPlaceOf('b'), FULL]);
  });

  it('leaves a key with its holder when the one that wants it is refused', async () => {
    const worker = await fleet().worker(most(1));
    await worker.queue.add([...tasks('x')]);
    expect(await worker.queue.add([keyed('a', 'reject')])).toEqual([FULL]);
    await worker.claim(1);

    expect(await worker.queue.add([keyed('b', 'reject')])).toEqual([ADDED]);
  });

  it('bounds each group on its own', async () => {
    const worker = await fleet().worker({ limits: { group: { backlog: 2 } } });

    expect(await worker.queue.add([...grouped('a', 3), ...grouped('b', 1), ...tasks('x', 'y', 'z')])).toEqual(
      [ADDED, ADDED, FULL, ADDED, ADDED, ADDED, ADDED],
    );
    expect(await worker.queue.add([one('a9', { group: 'a', due: { inMs: 50 } })])).toEqual([FULL]);

    expect(await worker.claim(2)).toHaveLength(2);
    expect(await worker.queue.add(grouped('a', 1, {}, 9))).toEqual([ADDED]);
    expect(await worker.queue.add(grouped('a', 1, {}, 10))).toEqual([FULL]);
  });

  it('counts what is delayed, held back, promoted and removed of a group', async () => {
    const worker = await fleet().worker({ limits: { group: { backlog: 3, concurrency: 1 } } });
    await worker.queue.add([...grouped('a', 2), one('later', { group: 'a', due: { inMs: 60_000 } })]);
    await worker.claim(9);
    const room = async (): Promise<string | undefined> => {
      const [answer] = await worker.queue.add(grouped('a', 1, {}, 9));
      await worker.queue.remove(['a9']);
      return answer?.to;
    };
    expect(await room()).toBe('added');
    await worker.queue.add(grouped('a', 1, {}, 3));
    expect(await room()).toBe('full');
    await worker.queue.promote(['later']);
    expect(await room()).toBe('full');
    await worker.queue.remove(['later']);
    expect(await room()).toBe('added');
    await worker.queue.leave(worker.consumer);
    expect(await room()).toBe('full');
    await worker.queue.clean('waiting', 0);
    expect(await worker.queue.add(grouped('a', 4))).toEqual([ADDED, ADDED, ADDED, FULL]);
  });

  it('tells a process that was refused when there is room again, once', async () => {
    const [refused, other] = [await fleet().worker(most(1)), await fleet().worker(most(1))];
    await refused.queue.add(tasks('a', 'b'));
    expect(await refused.roomsTold()).toBe(0);

    expect(await other.claim(1)).toEqual(['a']);
    expect(await refused.roomsTold()).toBe(1);
    await other.queue.add(tasks('b'));
    await other.claim(2);

    expect([await refused.roomsTold(), await other.roomsTold()]).toEqual([1, 0]);
    await refused.queue.add(tasks('c', 'd'));
    await other.claim(3);
    expect(await refused.roomsTold()).toBe(2);
  });

  it('tells it in whatever way there came to be room', async () => {
    const ways = ['remove', 'cancel', 'clean', 'hand over', 'expire', 'limits', 'obliterate'] as const;
    for (const way of ways) {
      const settings = { name: way, ...most(1) };
      const worker = await fleet().worker(settings);
      await worker.queue.pause();
      await worker.step(1);
      await worker.queue.add([one('a', { expiresInMs: 100 })]);
      expect(await worker.queue.add(tasks('b'))).toEqual([FULL]);
      expect([way, await worker.roomsTold()]).toEqual([way, 0]);

      if (way === 'hand over') await worker.queue.resume();
      else if (way === 'clean') await worker.queue.clean('waiting', 0);
      else if (way === 'expire') {
        await fleet().advance(100);
        await worker.tidy();
      } else if (way === 'limits') {
        const deployed = await fleet().producer({ name: way, limits: { backlog: 5 } });
        await deployed.queue.counts();
      } else if (way === 'obliterate') await worker.queue.obliterate();
      else await worker.queue[way](['a']);

      expect([way, await worker.roomsTold()]).toEqual([way, 1]);
    }
  });

  it('tells it when there is room in the group for which it was refused', async () => {
    const settings = { limits: { group: { backlog: 1 } } };
    const [refused, other] = [await fleet().worker(settings), await fleet().worker(settings)];
    await refused.queue.add([...grouped('a', 2), ...grouped('b', 1)]);

    await other.queue.remove(['b1']);
    expect(await refused.roomsTold()).toBe(0);
    expect(await other.claim(1)).toEqual(['a1']);

    expect(await refused.roomsTold()).toBe(1);
  });
}
