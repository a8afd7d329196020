import { expect, it } from '@jest/globals';
import {
  ADDED,
  completed,
  envelopeOf,
  exists,
  KEEP_NOTHING,
  task,
  tasks,
  type Fleet,
} from './task-broker.fleet.js';

export function addingCases(fleet: () => Fleet): void {
  it('stores what is due as waiting, first in first out', async () => {
    const worker = await fleet().worker();

    expect(await worker.queue.add(tasks('a', 'b'))).toEqual([ADDED, ADDED]);
    await worker.queue.add(tasks('c'));

    expect(await worker.queue.list('waiting', 0, -1)).toEqual(['a', 'b', 'c']);
    expect(await worker.claim(2)).toEqual(['a', 'b']);
    expect(await worker.claim(3)).toEqual(['c']);
  });

  it('delivers envelope and tries as they were', async () => {
    const worker = await fleet().worker();
    const envelope = '1send\nx\n{"attempts":5}\n"Grüße\n\u0000\\n\u{1F4EE}"';
    await worker.queue.add([{ id: 'a', envelope }]);

    expect((await worker.step(1)).tasks).toEqual([{ id: 'a', envelope, tries: 0 }]);
  });

  it('hands an envelope with line breaks over as it was', async () => {
    const worker = await fleet().worker();
    const envelope = '1send\nx\n{"attempts":5}\n"Grüße\n\u0000\\n\u{1F4EE}"\n';
    await worker.claim(1);

    await worker.queue.add([{ id: 'a', envelope }]);

    expect(await worker.handed()).toEqual([{ id: 'a', envelope, tries: 0 }]);
  });

  it('stores what is due later as delayed, from now or at a time', async () => {
    const { queue } = await fleet().producer();
    const now = fleet().engine.now();

    await queue.add([task('a', { inMs: 500 }), task('b', { atMs: now + 200 }), task('c', { atMs: now - 1 })]);

    expect(await queue.list('delayed', 0, -1)).toEqual(['b', 'a']);
    expect(await queue.list('waiting', 0, -1)).toEqual(['c']);
    expect((await queue.read(['a', 'b'])).map((record) => record?.at)).toEqual([now + 500, now + 200]);
  });

  it('never makes a delayed task claimable before its time', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([task('a', { inMs: 1.5 })]);

    await fleet().advance(1);
    expect(await worker.claim(1)).toEqual([]);
    await fleet().advance(1);
    expect(await worker.claim(1)).toEqual(['a']);
  });

  it('leaves a taken id alone, in whatever state it is', async () => {
    const worker = await fleet().worker();
    const { queue } = worker;
    await queue.add([
      task('later', { inMs: 10_000 }),
      task('done'),
      task('dead'),
      task('parked'),
      task('held'),
    ]);
    const before = { id: 'x', outcome: 'o', tries: 1 };
    expect(await worker.claim(4)).toEqual(['done', 'dead', 'parked', 'held']);
    await worker.step(
      1,
      { ...before, id: 'done', to: 'completed' },
      { ...before, id: 'dead', to: 'dead' },
      { ...before, id: 'parked', to: 'parked' },
    );
    await queue.add(tasks('waiting'));
    const ids = ['later', 'done', 'dead', 'parked', 'held', 'waiting'];
    const stored = await queue.read(ids);

    const again = ids.map((id) => ({ id, envelope: '1other\n\n\n' }));
    expect(await queue.add(again)).toEqual(ids.map((id) => exists(id)));

    expect(await queue.read(ids)).toEqual(stored);
    expect(await queue.counts()).toMatchObject({ waiting: 1, delayed: 1, active: 1 });
  });

  it('stores an id that comes twice in one call once, the first of them', async () => {
    const worker = await fleet().worker();

    const twice = [task('a'), { id: 'a', envelope: '1other\n\n\n' }, task('b')];
    expect(await worker.queue.add(twice)).toEqual([ADDED, exists('a'), ADDED]);

    expect((await worker.step(5)).tasks.map(({ envelope }) => envelope)).toEqual([
      envelopeOf('a'),
      envelopeOf('b'),
    ]);
  });

  it('changes nothing when an add is repeated while the task runs', async () => {
    const worker = await fleet().workerWith(['a']);

    await worker.queue.add(tasks('a'));

    expect(await worker.claim(2)).toEqual([]);
    await worker.step(1, completed('a'));
    expect(await worker.queue.counts()).toMatchObject({ waiting: 0, active: 0, completed: 1 });
  });

  it('takes an id anew once nothing of it is kept', async () => {
    const worker = await fleet().workerWith(['a'], {
      keep: KEEP_NOTHING,
    });
    await worker.step(0, completed('a'));

    expect(await worker.queue.add(tasks('a'))).toEqual([ADDED]);
    expect((await worker.step(1)).tasks).toMatchObject([{ id: 'a', tries: 0 }]);
  });

  it('adds a thousand at once in order', async () => {
    const worker = await fleet().worker();
    const ids = Array.from({ length: 1_201 }, (_, at) => `t${at}`);

    expect(await worker.queue.add(tasks(...ids))).toEqual(ids.map(() => ADDED));

    const claimed = [...(await worker.claim(2_000)), ...(await worker.handedIds())];
    expect(claimed).toEqual(ids);
  });

  it('keeps queues apart that have tasks of the same id', async () => {
    const mail = await fleet().worker();
    const other = await fleet().worker({ name: 'other' });
    await mail.queue.add(tasks('a'));
    await other.queue.add([{ id: 'a', envelope: '1else\n\n\n' }]);

    expect((await other.step(5)).tasks).toMatchObject([{ envelope: '1else\n\n\n' }]);
    expect((await mail.step(5)).tasks).toMatchObject([{ envelope: envelopeOf('a') }]);
  });
}
