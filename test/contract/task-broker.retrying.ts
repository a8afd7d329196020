import { expect, it } from '@jest/globals';
import type { Ack } from '../../lib/task/task.broker.js';
import { readEnvelope } from '../../lib/task/task.envelope.js';
import {
  cancelled,
  completed,
  dead,
  exists,
  ADDED,
  one,
  parked,
  task,
  tasks,
  type Fleet,
  type TestWorker,
} from './task-broker.fleet.js';
import { keyed } from './task-broker.unique.js';

const failed = (outcome: string, tries: number): Ack => ({
  id: 'a',
  to: 'retry',
  outcome,
  tries,
  delayMs: 0,
});

export function retryingCases(fleet: () => Fleet): void {
  /** A task of each state from which it can be begun anew, named for it. */
  const ended = async (): Promise<TestWorker> => {
    const worker = await fleet().workerWith(['completed', 'dead', 'cancelled', 'parked']);
    await worker.step(
      0,
      completed('completed'),
      dead('dead', 3),
      cancelled('cancelled', 2),
      parked('parked', 1),
    );
    await worker.queue.add([one('expired', { expiresInMs: 1 })]);
    await fleet().advance(1);
    await worker.step(0);
    return worker;
  };

  it('begins what has ended or is parked anew, with all attempts', async () => {
    const worker = await ended();
    const ids = ['completed', 'dead', 'cancelled', 'expired', 'parked'];

    expect(await worker.queue.retry(ids, 0)).toEqual(ids.map(() => true));

    expect(await worker.queue.read(ids)).toMatchObject(
      ids.map(() => ({ state: 'waiting', tries: 0, outcome: undefined, expiresAt: undefined })),
    );
    const { tasks: claimed } = await worker.step(9);
    expect(claimed.map(({ id, tries }) => ({ id, tries }))).toEqual(ids.map((id) => ({ id, tries: 0 })));
  });

  it('leaves everything else alone', async () => {
    const worker = await fleet().workerWith(['active']);
    await worker.queue.add([...tasks('waiting'), task('delayed', { inMs: 50 })]);

    expect(await worker.queue.retry(['active', 'waiting', 'delayed', 'missing'], 0)).toEqual([
      false,
      false,
      false,
      false,
    ]);

    expect(await fleet().places()).toEqual({
      active: ['active'],
      waiting: ['waiting'],
      delayed: ['delayed'],
    });
  });

  it('spaces those that it begins, and does not wait for the others', async () => {
    const worker = await ended();
    const now = fleet().engine.now();

    expect(await worker.queue.retry(['dead', 'missing', 'completed', 'dead', 'expired'], 100)).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);

    expect(await worker.queue.read(['dead', 'completed', 'expired'])).toMatchObject([
      { state: 'waiting' },
      { state: 'delayed', at: now + 100 },
      { state: 'delayed', at: now + 200 },
    ]);
    expect(await worker.claim(9)).toEqual(['dead']);
    expect((await worker.step(9)).nextMs).toBe(100);
    await fleet().advance(200);
    expect(await worker.claim(9)).toEqual(['completed', 'expired']);
  });

  it('hands what it begins over to idle consumers, and tells them of the later ones', async () => {
    const worker = await ended();
    const idle = await fleet().worker();
    await idle.claim(9);

    await worker.queue.retry(['dead', 'completed'], 100);

    expect(await idle.handedIds()).toEqual(['dead']);
    expect(await idle.dues()).toContain(100);
  });

  it('moves the outcome of a dead one to its history, and keeps notes', async () => {
    const worker = await fleet().workerWith(['a']);
    await worker.queue.note(worker.consumer, 'a', 'progress', '7');
    await worker.queue.note(worker.consumer, 'a', 'log', 'line');
    await worker.step(0, dead('a'));
    const at = fleet().engine.now();
    await fleet().advance(10);

    await worker.queue.retry(['a'], 0);

    expect(await worker.queue.read(['a'])).toMatchObject([
      { outcome: undefined, progress: '7', log: ['line'], history: [{ at, outcome: 'error of a' }] },
    ]);
    await worker.claim(1);
    await worker.step(0, completed('a', 'fine'));
    expect(await worker.queue.read(['a'])).toMatchObject([
      { state: 'completed', outcome: 'fine', history: [{ at, outcome: 'error of a' }] },
    ]);
  });

  it('keeps priority and group, and no expiry', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('a', { priority: 8, group: 'g', expiresInMs: 100 }), ...tasks('b')]);
    expect(await worker.claim(1)).toEqual(['a']);
    await worker.step(0, dead('a'));
    await worker.queue.retry(['a'], 0);
    await fleet().advance(1_000);

    expect(await worker.queue.read(['a'])).toMatchObject([{ priority: 8, group: 'g', expiresAt: undefined }]);
    expect(await worker.claim(2)).toEqual(['a', 'b']);
  });

  it('takes the unique key again, unless another one has it', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([keyed('a', 'reject'), keyed('b', 'reject', { key: 'free' })]);
    expect(await worker.claim(2)).toEqual(['a', 'b']);
    await worker.step(0, dead('a'), dead('b'));
    await worker.queue.add([keyed('other', 'reject')]);

    expect(await worker.queue.retry(['a', 'b'], 0)).toEqual([false, true]);

    expect(await worker.states('a', 'b')).toEqual(['dead', 'waiting']);
    expect(await worker.queue.add([keyed('c', 'reject', { key: 'free' })])).toEqual([exists('b')]);
    await worker.claim(9);
    await worker.step(0, completed('other'));
    expect(await worker.queue.retry(['a'], 0)).toEqual([true]);
    expect(await worker.queue.add([keyed('d', 'reject')])).toEqual([exists('a')]);
  });

  it('takes a key for one of two that had it', async () => {
    const worker = await fleet().worker();
    for (const id of ['a', 'b']) {
      expect(await worker.queue.add([keyed(id, 'reject')])).toEqual([ADDED]);
      await worker.claim(1);
      await worker.step(0, dead(id));
    }

    expect(await worker.queue.retry(['b', 'a'], 0)).toEqual([true, false]);
  });

  it('gives all crashes back, too', async () => {
    const settings = { maxCrashes: 1 };
    const doomed = await fleet().workerWith(['a'], settings);
    const alive = await fleet().worker(settings);
    await fleet().kill(doomed);
    await fleet().outlive(alive, 0);
    expect(await alive.states('a')).toEqual(['dead']);

    expect(await alive.queue.retry(['a'], 0)).toEqual([true]);

    expect(await fleet().places()).toEqual({ waiting: ['a'] });
    expect(await alive.claim(1)).toEqual(['a']);
    await alive.step(0, completed('a'));
    expect(await alive.queue.read(['a'])).toMatchObject([
      { state: 'completed', history: [expect.anything()] },
    ]);
  });

  it('says in the envelope since when it is to run, for its deadline', async () => {
    const worker = await fleet().worker();
    const addedAt = fleet().engine.now();
    const time = addedAt.toString(36);
    const envelope = (delay: string): string => `2send\n${time}${delay}\n{"deadlineMs":5}\npay\nload`;
    await worker.queue.add([
      { id: 'a', envelope: envelope('') },
      { id: 'b', envelope: envelope('+zz') },
    ]);
    await worker.claim(2);
    await worker.step(0, dead('a'), dead('b'));
    await fleet().advance(90_000);

    expect(await worker.queue.retry(['a', 'b'], 500)).toEqual([true, true]);

    const [first, second] = await worker.queue.read(['a', 'b']);
    expect(first?.envelope).toBe(envelope(`+${(90_000).toString(36)}`));
    expect(second?.envelope).toBe(envelope(`+${(90_500).toString(36)}`));
    expect(readEnvelope(second?.envelope ?? '')).toMatchObject({ enqueuedAt: addedAt, delayMs: 90_500 });
  });

  it('lets others wait for its end anew', async () => {
    const worker = await fleet().workerWith(['a']);
    await worker.step(0, dead('a'));
    await worker.queue.retry(['a'], 0);

    expect(await worker.queue.awaitOutcome('a')).toBe('pending');
    await worker.claim(1);
    await worker.step(0, completed('a', 'fine'));

    expect(await worker.told()).toEqual([{ id: 'a', state: 'completed', outcome: 'fine' }]);
  });

  it('begins very many anew', async () => {
    const ids = Array.from({ length: 700 }, (_, at) => `t${at}`);
    const worker = await fleet().worker();
    await worker.queue.add(tasks(...ids));
    await worker.queue.cancel(ids.slice(0, 350));
    await worker.queue.cancel(ids.slice(350));
    const kept = await worker.list('cancelled');

    expect(await worker.queue.retry(kept, 0)).toEqual(kept.map(() => true));

    expect(await worker.list('waiting')).toEqual(kept);
  });
}

export function historyCases(fleet: () => Fleet): void {
  it('keeps the failed attempts before the newest, oldest first, with their times', async () => {
    const worker = await fleet().workerWith(['a']);
    const times: number[] = [];
    for (let attempt = 1; attempt <= 3; attempt++) {
      await fleet().advance(10);
      times.push(fleet().engine.now());
      await worker.step(1, failed(`error ${attempt}`, attempt));
    }

    expect(await worker.queue.read(['a'])).toMatchObject([
      {
        outcome: 'error 3',
        history: [
          { at: times[0], outcome: 'error 1' },
          { at: times[1], outcome: 'error 2' },
        ],
      },
    ]);
    await worker.step(0, completed('a', 'at last'));
    const [record] = await worker.queue.read(['a']);
    expect(record?.outcome).toBe('at last');
    expect(record?.history.map(({ outcome }) => outcome)).toEqual(['error 1', 'error 2', 'error 3']);
  });

  it('has the last error of a dead task as its outcome, and those before as history', async () => {
    const worker = await fleet().workerWith(['a']);
    await worker.step(1, failed('error 1', 1));
    await worker.step(0, dead('a', 2));

    expect(await worker.queue.read(['a'])).toMatchObject([
      { state: 'dead', outcome: 'error of a', history: [{ outcome: 'error 1' }] },
    ]);
  });

  it('is no history to be completed, parked, cancelled or crashed', async () => {
    const worker = await fleet().workerWith(['a']);
    await worker.step(0, parked('a'));
    await worker.tidy('send');
    await worker.claim(1);
    await worker.step(0, completed('a', 'fine'));
    await worker.queue.retry(['a'], 0);
    await worker.queue.cancel(['a']);
    await worker.queue.retry(['a'], 0);

    expect(await worker.queue.read(['a'])).toMatchObject([{ history: [] }]);
  });

  it('keeps any text as it was', async () => {
    const worker = await fleet().workerWith(['a']);
    const texts = ['one\ntwo', '100 % %0A %25', '', 'Grüße\u0000\u{1F4EE}\r\n'];
    for (const [at, text] of texts.entries()) await worker.step(1, failed(text, at + 1));
    await worker.step(1, failed('last', 9));

    const [record] = await worker.queue.read(['a']);

    expect(record?.history.map(({ outcome }) => outcome)).toEqual(texts);
    expect(record?.outcome).toBe('last');
  });

  it('keeps the newest 64 KiB', async () => {
    const worker = await fleet().workerWith(['a']);
    const text = (at: number): string => `${at}`.padEnd(8_000, 'ü'.repeat(2));
    for (let at = 1; at <= 12; at++) await worker.step(1, failed(text(at), at));

    const [record] = await worker.queue.read(['a']);

    const outcomes = record?.history.map(({ outcome }) => outcome) ?? [];
    const bytes = Buffer.byteLength(outcomes.join(''));
    expect(bytes).toBeLessThanOrEqual(65_536);
    expect(bytes).toBeGreaterThan(65_536 - 2 * 16_000);
    expect(outcomes.at(-1)).toBe(text(11));
    expect(outcomes[0]).toBe(text(12 - outcomes.length));
  });
}
