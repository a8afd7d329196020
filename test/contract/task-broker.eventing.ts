import { expect, it } from '@jest/globals';
import { EVENT_LEASE_MS, TASK_EVENTS, type EventRecord } from '../../lib/task/event.record.js';
import { crashOutcome } from '../../lib/task/task.outcome.js';
import {
  cancelled,
  completed,
  dead,
  envelopeOf,
  one,
  parked,
  retried,
  task,
  tasks,
  type Fleet,
  type TestWorker,
} from './task-broker.fleet.js';
import { keyed } from './task-broker.unique.js';

const names = (events: readonly EventRecord[]): string[] => events.map(({ name, id }) => `${name} ${id}`);

export function eventCases(fleet: () => Fleet): void {
  /** A worker, and a process that is pushed every event. */
  const watched = async (): Promise<readonly [TestWorker, TestWorker]> => {
    const [worker, watcher] = [await fleet().worker(), await fleet().producer()];
    await watcher.process.broker.listen();
    await watcher.queue.subscribe(TASK_EVENTS, []);
    return [worker, watcher];
  };

  it('tells a task’s way from waiting to completed, as it is at each time', async () => {
    const [worker, watcher] = await watched();
    const at = fleet().engine.now();
    await worker.queue.add(tasks('a'));
    await worker.claim(1);
    await worker.queue.note(worker.consumer, 'a', 'progress', '50\n%');
    await fleet().advance(10);
    await worker.step(0, completed('a', 'two\nlines %0A'));

    const event = { id: 'a', at, tries: 0, dueAt: undefined, text: '', envelope: envelopeOf('a') };
    expect(await watcher.events()).toEqual([
      { ...event, name: 'waiting' },
      { ...event, name: 'active' },
      { ...event, name: 'progress', text: '50\n%' },
      { ...event, name: 'completed', at: at + 10, tries: expect.any(Number), text: 'two\nlines %0A' },
    ]);
  });

  it('tells of a failed attempt, and whether and when there is another', async () => {
    const [worker, watcher] = await watched();
    await worker.queue.add(tasks('a', 'b', 'c'));
    await worker.claim(3);
    const before = (await watcher.events()).length;
    const now = fleet().engine.now();

    await worker.step(0, retried('a', 500, 1), dead('b', 2), retried('c', 0, 3));

    const told = (await watcher.events()).slice(before);
    expect([...names(told)].sort()).toEqual(
      ['failed a', 'failed b', 'failed c', 'retrying a', 'retrying c', 'dead b', 'waiting c'].sort(),
    );
    const of = (what: string): EventRecord | undefined =>
      told.find(({ name, id }) => `${name} ${id}` === what);
    expect(of('failed a')).toMatchObject({ tries: 1, text: 'error of a', dueAt: undefined });
    expect(of('retrying a')).toMatchObject({ tries: 1, text: 'error of a', dueAt: now + 500 });
    expect(of('retrying c')).toMatchObject({ tries: 3, dueAt: now });
    expect(of('dead b')).toMatchObject({ tries: 2, text: 'error of b' });
    expect(names(told).indexOf('failed b')).toBeLessThan(names(told).indexOf('dead b'));
  });

  it('tells of a delayed task when it falls due or is promoted, not before', async () => {
    const [worker, watcher] = await watched();
    await worker.queue.add([task('a', { inMs: 100 }), task('b', { inMs: 9_000 })]);
    expect(await watcher.events()).toEqual([]);
    await fleet().advance(100);
    await worker.step(0);
    expect(names(await watcher.events())).toEqual(['waiting a']);

    await worker.queue.promote(['b']);

    expect(names(await watcher.events())).toEqual(['waiting a', 'waiting b']);
  });

  it('tells that a task is active when it is handed over', async () => {
    const [worker, watcher] = await watched();
    await worker.claim(1);

    await worker.queue.add(tasks('a'));

    expect(names(await watcher.events())).toEqual(['waiting a', 'active a']);
  });

  it('tells of the end of cancelled and expired tasks, in hand or not', async () => {
    const [worker, watcher] = await watched();
    await worker.queue.add([
      ...tasks('held', 'flagged', 'waits'),
      one('late', { expiresInMs: 100, priority: 0 }),
    ]);
    await worker.claim(2);
    await watcher.process.delivered();
    watcher.pushes.length = 0;

    await worker.queue.cancel(['waits', 'flagged']);
    await worker.step(0, cancelled('held'), retried('flagged'));
    await fleet().advance(100);
    await worker.step(0);

    const told = await watcher.events();
    expect(names(told)).toEqual(['cancelled waits', 'cancelled held', 'cancelled flagged', 'expired late']);
    expect(told.map(({ text }) => text)).toEqual(['', 'stopped held', 'error of flagged', '']);
  });

  it('tells of parked tasks, and that they wait again', async () => {
    const [worker, watcher] = await watched();
    await worker.queue.add(tasks('a'));
    await worker.claim(1);
    await worker.step(0, parked('a'));

    await worker.tidy('send');

    const told = (await watcher.events()).slice(2);
    expect(names(told)).toEqual(['parked a', 'waiting a']);
    expect(told[0]).toMatchObject({ text: 'nobody knows a' });
  });

  it('tells of tasks that are begun anew, unblocked or replaced', async () => {
    const [worker, watcher] = await watched();
    await worker.queue.add([keyed('a', 'keepLast')]);
    await worker.claim(1);
    await worker.queue.add([keyed('b', 'keepLast')]);
    await worker.queue.add([keyed('c', 'keepLast')]);
    await worker.step(0, completed('a'));
    await worker.queue.retry(['b'], 0);

    expect(names(await watcher.events())).toEqual([
      'waiting a',
      'active a',
      'cancelled b',
      'completed a',
      'waiting c',
    ]);
    await worker.queue.remove(['c']);
    await worker.queue.retry(['a'], 0);
    expect(names(await watcher.events()).at(-1)).toBe('waiting a');
  });

  it('tells of a task that is buried with its worker', async () => {
    const [worker, watcher] = [await fleet().worker({ maxCrashes: 1 }), await fleet().producer()];
    await watcher.process.broker.listen();
    await watcher.queue.subscribe(['dead'], []);
    const doomed = await fleet().workerWith(['a'], { maxCrashes: 1 });
    await fleet().kill(doomed);

    await fleet().outlive(worker, 0);

    expect(await watcher.events()).toMatchObject([{ name: 'dead', id: 'a', text: crashOutcome(1) }]);
  });

  it('does not tell of what is only given back', async () => {
    const [worker, watcher] = await watched();
    await worker.queue.add(tasks('a'));
    await worker.claim(1);

    await worker.queue.leave(worker.consumer);

    expect(names(await watcher.events())).toEqual(['waiting a', 'active a']);
  });

  it('pushes to each process what it asked for, and nothing after it has ended that', async () => {
    const [worker, all] = await watched();
    const some = await fleet().producer();
    await some.process.broker.listen();
    await some.queue.subscribe(['completed', 'dead'], []);
    await worker.queue.add(tasks('a', 'b'));
    await worker.claim(2);
    await worker.step(0, completed('a'));
    expect(names(await some.events())).toEqual(['completed a']);
    expect(names(await all.events())).toContain('completed a');

    await some.queue.subscribe([], []);
    await worker.step(0, completed('b'));

    expect(names(await some.events())).toEqual(['completed a']);
    expect(names(await all.events())).toContain('completed b');
  });

  it('replaces what was asked for before, and keeps queues apart', async () => {
    const [worker, watcher] = await watched();
    const other = await fleet().worker({ name: 'other' });
    await watcher.queue.subscribe(['waiting'], []);

    await worker.queue.add(tasks('a'));
    await worker.claim(1);
    await other.queue.add(tasks('x'));

    expect(names(await watcher.events())).toEqual(['waiting a']);
  });

  it('tells nothing more once the subscription is over, unless it is renewed', async () => {
    const [worker, watcher] = await watched();
    await fleet().advance(EVENT_LEASE_MS / 2);
    await watcher.queue.subscribe(['waiting'], []);
    await fleet().advance(EVENT_LEASE_MS - 1);
    await worker.queue.add(tasks('a'));
    expect(names(await watcher.events())).toEqual(['waiting a']);
    await fleet().advance(2);

    await worker.queue.add(tasks('b'));

    expect(names(await watcher.events())).toEqual(['waiting a']);
  });
}
