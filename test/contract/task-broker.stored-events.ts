import { expect, it } from '@jest/globals';
import { EVENT_LEASE_MS, eventQueue, readEvent, type TaskEventName } from '../../lib/task/event.record.js';
import {
  completed,
  dead,
  envelopeOf,
  LEASE,
  retried,
  SETTINGS,
  tasks,
  type Fleet,
  type TestWorker,
} from './task-broker.fleet.js';

export function storedEventCases(fleet: () => Fleet): void {
  const events = { name: eventQueue(SETTINGS.name) };

  /** A worker of the queue, one of its event queue, and that process's say in which events are stored. */
  const handling = async (...stored: TaskEventName[]): Promise<readonly [TestWorker, TestWorker]> => {
    const [worker, handler] = [await fleet().worker(), await fleet().worker(events)];
    await handler.process.broker.queue(SETTINGS).subscribe([], stored);
    return [worker, handler];
  };

  it('stores each event once as a task of the event queue, however many processes asked', async () => {
    const [worker, handler] = await handling('completed', 'dead');
    const second = await fleet().producer();
    await second.queue.subscribe([], ['completed']);
    const envelope = '1send\nk3x+9\n{"attempts":5}\n"a\nb"';
    await worker.queue.add([{ id: 'a', envelope }, ...tasks('b')]);
    await worker.claim(2);
    await fleet().advance(5);
    await worker.step(0, completed('a', 'fine\n100 %'), dead('b', 3));

    const { tasks: claimed } = await handler.step(9);

    expect(claimed.map((event) => event.envelope.split('\n').slice(0, 3))).toEqual([
      ['1completed', 'k3x', ''],
      ['1dead', '', ''],
    ]);
    expect(claimed.map(({ id }) => id)).toEqual([
      expect.stringMatching(/^a:completed:\d+$/),
      expect.stringMatching(/^b:dead:\d+$/),
    ]);
    const [first, next] = claimed.map((event) => event.envelope.split('\n').slice(3).join('\n'));
    expect(readEvent('completed', first ?? '')).toMatchObject({
      id: 'a',
      at: fleet().engine.now(),
      text: 'fine\n100 %',
      envelope,
    });
    expect(readEvent('dead', next ?? '')).toMatchObject({ id: 'b', tries: 3, envelope: envelopeOf('b') });
  });

  it('gives each event an id of its own', async () => {
    const [worker, handler] = await handling('failed');
    await worker.queue.add(tasks('a'));
    await worker.claim(1);
    for (let attempt = 1; attempt <= 3; attempt++) await worker.step(1, retried('a', 0, attempt));

    const claimed = await handler.claim(9);

    expect(new Set(claimed).size).toBe(3);
    await handler.step(0, ...claimed.map((id) => completed(id)));
    expect(await handler.queue.counts()).toMatchObject({ completed: 3, waiting: 0 });
  });

  it('has somebody idle of the event queue look at once', async () => {
    const [worker, handler] = await handling('waiting');
    await handler.claim(5);

    await worker.queue.add(tasks('a'));

    expect(await handler.dues()).toContain(0);
    expect(await handler.claim(5)).toHaveLength(1);
    const before = (await handler.dues()).length;
    await worker.queue.add(tasks('b'));
    expect((await handler.dues()).slice(before)).toContain(0);
  });

  it('stores nothing when nobody asks, or only for pushes', async () => {
    const [worker, handler] = [await fleet().worker(), await fleet().worker(events)];
    await worker.queue.add(tasks('a', 'b'));
    await worker.claim(2);
    await worker.step(0, completed('a'));
    await worker.queue.subscribe(['completed'], []);
    await worker.step(0, completed('b'));

    expect((await worker.events()).map(({ id }) => id)).toEqual(['b']);
    expect(await handler.claim(5)).toEqual([]);
    expect(await fleet().look(events.name)).toMatchObject({ records: [] });
  });

  it('stores nothing more once every subscription is over', async () => {
    const [worker, handler] = await handling('waiting');
    await fleet().advance(EVENT_LEASE_MS + 1);

    await worker.queue.add(tasks('a'));

    expect(await handler.queue.counts()).toMatchObject({ waiting: 0 });
  });

  it('stores on while one of two subscriptions goes on', async () => {
    const [worker, handler] = await handling('waiting', 'dead');
    await fleet().advance(LEASE);
    const second = await fleet().producer();
    await second.queue.subscribe([], ['waiting']);
    await fleet().advance(EVENT_LEASE_MS - LEASE + 1);

    await worker.queue.add(tasks('a'));
    await worker.claim(1);
    await worker.step(0, dead('a'));

    expect(await handler.claim(5)).toEqual([expect.stringMatching(/^a:waiting:/)]);
  });

  it('runs an event that was in the hand of a dead process again', async () => {
    const [worker, handler] = await handling('waiting');
    await worker.queue.add(tasks('a', 'b'));
    const had = await handler.claim(5);
    expect(had).toHaveLength(2);
    const alive = await fleet().worker(events);
    await fleet().kill(handler);

    expect(await fleet().outlive(alive, 5)).toEqual(had);
  });
}
