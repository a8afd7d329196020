import { expect, it } from '@jest/globals';
import type { QueueSettings } from '../../lib/task/task.broker.js';
import {
  completed,
  dead,
  envelopeOf,
  countsOf,
  KEEP_NOTHING,
  keeping,
  parked,
  retried,
  task,
  tasks,
  type Fleet,
} from './task-broker.fleet.js';

export function waitingForAnEndCases(fleet: () => Fleet): void {
  const keepNothing: Partial<QueueSettings> = {
    keep: KEEP_NOTHING,
  };

  it('knows how a task ended', async () => {
    const worker = await fleet().workerWith(['a', 'b']);
    await worker.step(0, completed('a', 'fine'), dead('b'));

    expect(await worker.queue.awaitOutcome('a')).toEqual({ state: 'completed', outcome: 'fine' });
    expect(await worker.queue.awaitOutcome('b')).toEqual({ state: 'dead', outcome: 'error of b' });
    expect(await worker.told()).toEqual([]);
  });

  it('does not know a task that is not there', async () => {
    const worker = await fleet().workerWith(['a'], keepNothing);
    await worker.step(0, completed('a'));

    expect(await worker.queue.awaitOutcome('a')).toBe('unknown');
    expect(await worker.queue.awaitOutcome('b')).toBe('unknown');
  });

  it('tells every process that waits, once, whatever it asked and whatever is kept', async () => {
    const worker = await fleet().workerWith(['a', 'b'], keepNothing);
    const other = await fleet().worker(keepNothing);
    for (const { queue } of [worker, other, worker]) expect(await queue.awaitOutcome('a')).toBe('pending');
    await other.queue.awaitOutcome('b');

    await worker.step(0, completed('a', 'one\ntwo'), dead('b'));

    const a = { id: 'a', state: 'completed', outcome: 'one\ntwo' };
    expect(await worker.told()).toEqual([a]);
    expect(await other.told()).toEqual([a, { id: 'b', state: 'dead', outcome: 'error of b' }]);
  });

  it('goes on waiting while a task is delayed, retried and parked', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([task('a', { inMs: 10 })]);
    expect(await worker.queue.awaitOutcome('a')).toBe('pending');
    await fleet().advance(10);
    await worker.step(1);
    await worker.step(1, retried('a'));
    await worker.step(1, parked('a'));
    expect(await worker.queue.awaitOutcome('a')).toBe('pending');
    expect(await worker.told()).toEqual([]);
    await worker.tidy('send');
    expect(await worker.handedIds()).toEqual(['a']);

    await worker.step(1, completed('a', 'at last'));

    expect(await worker.told()).toEqual([{ id: 'a', state: 'completed', outcome: 'at last' }]);
  });

  it('tells a process that waits though its consumer has left', async () => {
    const [waits, worker] = [await fleet().worker(), await fleet().workerWith(['a'])];
    await waits.queue.awaitOutcome('a');
    await waits.queue.leave(waits.consumer);

    await worker.step(0, completed('a', 'fine'));

    expect(await waits.told()).toEqual([{ id: 'a', state: 'completed', outcome: 'fine' }]);
  });

  it('tells who waits that a task was removed', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(tasks('a'));
    await worker.queue.awaitOutcome('a');

    await worker.queue.remove(['a']);

    expect(await worker.told()).toEqual([{ id: 'a', state: 'removed', outcome: '' }]);
  });

  it('tells who waits of an end that retention drops in the same call', async () => {
    const worker = await fleet().workerWith(['a', 'b'], {
      keep: keeping({ completed: { count: 1 }, dead: { count: 0 } }),
    });
    await worker.queue.awaitOutcome('a');
    await worker.queue.awaitOutcome('b');

    await worker.step(0, completed('a'), completed('b'));

    expect(await worker.told()).toHaveLength(2);
    expect(await worker.queue.counts()).toMatchObject({ completed: 1 });
  });
}

export function notingCases(fleet: () => Fleet): void {
  it('keeps the newest progress and every line of the log', async () => {
    const worker = await fleet().workerWith(['a']);
    const { queue, consumer } = worker;

    expect(await queue.note(consumer, 'a', 'progress', '10')).toBe(true);
    expect(await queue.note(consumer, 'a', 'progress', '20')).toBe(true);
    expect(await queue.note(consumer, 'a', 'log', 'first')).toBe(true);
    expect(await queue.note(consumer, 'a', 'log', 'second')).toBe(true);

    expect(await queue.read(['a'])).toMatchObject([{ progress: '20', log: ['first', 'second'] }]);
    await worker.step(0, completed('a'));
    expect(await queue.read(['a'])).toMatchObject([{ progress: '20', log: ['first', 'second'] }]);
  });

  it('takes no note of a task that the consumer has not in hand', async () => {
    const worker = await fleet().workerWith(['a', 'b']);
    const other = await fleet().workerWith(['c']);
    await worker.step(1, completed('b'));
    await worker.queue.add([task('d', { inMs: 5 })]);

    for (const id of ['b', 'c', 'd', 'x']) {
      expect(await worker.queue.note(worker.consumer, id, 'progress', '1')).toBe(false);
    }
    expect(await other.queue.note(other.consumer, 'a', 'log', 'mine')).toBe(false);

    for (const record of await worker.queue.read(['a', 'b', 'c', 'd'])) {
      expect(record).toMatchObject({ progress: undefined, log: [] });
    }
  });

  it('cuts a log at 64 KiB, oldest lines first', async () => {
    const { queue, consumer } = await fleet().workerWith(['a']);
    const line = (at: number): string => `${at}`.padEnd(1_023, 'ü'.repeat(2));
    for (let at = 0; at < 70; at++) await queue.note(consumer, 'a', 'log', line(at));

    const [record] = await queue.read(['a']);
    const bytes = Buffer.byteLength(record?.log.join('\n') ?? '');
    expect(bytes).toBeLessThanOrEqual(65_536);
    expect(bytes).toBeGreaterThan(65_536 - 2_048);
    expect(record?.log.at(-1)).toBe(line(69));
    expect(record?.log[0]).toBe(line(70 - (record?.log.length ?? 0)));
  });

  it('keeps the last line of a log, however long', async () => {
    const { queue, consumer } = await fleet().workerWith(['a']);
    await queue.note(consumer, 'a', 'log', 'short');
    const long = 'x'.repeat(70_000);

    await queue.note(consumer, 'a', 'log', long);

    expect((await queue.read(['a']))[0]?.log).toEqual([long]);
  });

  it('takes a text with line breaks as several lines', async () => {
    const { queue, consumer } = await fleet().workerWith(['a']);

    await queue.note(consumer, 'a', 'log', 'one\ntwo');

    expect((await queue.read(['a']))[0]?.log).toEqual(['one', 'two']);
  });
}

export function removingCases(fleet: () => Fleet): void {
  it('reads very many, each in its place, missing ones among them', async () => {
    const worker = await fleet().producer();
    const ids = Array.from({ length: 1_201 }, (_, n) => `t${n}`);
    await worker.queue.add(tasks(...ids.filter((_, n) => n % 3 > 0)));

    const records = await worker.queue.read(ids);

    expect(records.map((record) => record?.id)).toEqual(ids.map((id, n) => (n % 3 > 0 ? id : undefined)));
    expect(await worker.queue.read([])).toEqual([]);
  });

  it('removes a task in every state but active', async () => {
    const worker = await fleet().worker();
    const { queue } = worker;
    await queue.add([
      task('later', { inMs: 1_000 }),
      task('done'),
      task('dead'),
      task('parked'),
      task('held'),
    ]);
    await worker.step(4);
    await worker.step(1, completed('done'), dead('dead'), parked('parked'));
    await queue.add(tasks('waiting'));

    for (const id of ['later', 'done', 'dead', 'parked', 'waiting']) {
      expect(await queue.remove([id])).toEqual(['removed']);
      expect(await queue.remove([id])).toEqual(['missing']);
    }
    expect(await queue.remove(['held', 'never', 'held'])).toEqual(['active', 'missing', 'active']);

    expect(await fleet().places()).toEqual({ active: ['held'] });
    expect(await worker.claim(5)).toEqual([]);
  });

  it('removes all that is kept of a task', async () => {
    const worker = await fleet().workerWith(['a']);
    await worker.queue.note(worker.consumer, 'a', 'progress', '1');
    await worker.queue.note(worker.consumer, 'a', 'log', 'line');
    await worker.step(0, retried('a', 0, 3));
    await worker.queue.awaitOutcome('a');
    await worker.queue.remove(['a']);

    await worker.queue.add(tasks('a'));

    expect(await worker.queue.read(['a'])).toEqual([
      {
        id: 'a',
        state: 'waiting',
        envelope: envelopeOf('a'),
        tries: 0,
        at: undefined,
        outcome: undefined,
        progress: undefined,
        log: [],
        history: [],
        priority: 5,
        group: undefined,
        uniqueKey: undefined,
        expiresAt: undefined,
      },
    ]);
  });
}

export function readingCases(fleet: () => Fleet): void {
  it('reads tasks in the order asked, whatever is missing', async () => {
    const { queue } = await fleet().producer();
    await queue.add([task('a'), task('b', { inMs: 5 })]);

    const records = await queue.read(['b', 'x', 'a']);

    expect(records.map((record) => record?.id)).toEqual(['b', undefined, 'a']);
    expect(records.map((record) => record?.state)).toEqual(['delayed', undefined, 'waiting']);
    expect(await queue.read([])).toEqual([]);
  });

  it('lists ranges of every state, from either end', async () => {
    const worker = await fleet().worker();
    const ids = ['a', 'b', 'c', 'd', 'e'];
    await worker.queue.add(ids.map((id, at) => task(id, { inMs: at + 1 })));
    const ranges: [number, number][] = [
      [0, -1],
      [1, 3],
      [-2, -1],
      [0, 0],
      [3, 99],
      [2, 1],
      [0, -6],
      [-99, 1],
      [5, 9],
    ];
    const check = async (state: 'delayed' | 'waiting' | 'completed'): Promise<void> => {
      for (const [start, stop] of ranges) {
        const from = start < 0 ? Math.max(0, ids.length + start) : start;
        const to = stop < 0 ? ids.length + stop : stop;
        expect(await worker.queue.list(state, start, stop)).toEqual(ids.slice(from, Math.max(0, to + 1)));
      }
    };

    await check('delayed');
    await fleet().advance(5);
    await worker.step(0);
    await check('waiting');
    expect(await worker.claim(5)).toEqual(ids);
    for (const id of ids) {
      await fleet().advance(1);
      await worker.step(0, completed(id));
    }
    await check('completed');
    expect(await worker.queue.list('active', 0, -1)).toEqual([]);
  });

  it('knows an empty queue', async () => {
    const { queue } = await fleet().producer();

    expect(await queue.counts()).toEqual(countsOf({}));
    expect(await queue.list('dead', 0, -1)).toEqual([]);
    expect(await queue.tidy('0:nobody', ['send'])).toEqual({ more: false });
  });
}
