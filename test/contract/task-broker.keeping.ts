import { expect, it } from '@jest/globals';
import type { QueueSettings } from '../../lib/task/task.broker.js';
import {
  completed,
  dead,
  KEEP_MS,
  keeping,
  one,
  parked,
  retried,
  task,
  type Fleet,
} from './task-broker.fleet.js';

export function keepingCases(fleet: () => Fleet): void {
  const newest = (count: number, ageMs = KEEP_MS): Partial<QueueSettings> => ({
    keep: keeping({ completed: { count, ageMs }, dead: { count: 1, ageMs } }),
  });

  it('keeps the newest ended tasks, so many of each state', async () => {
    const worker = await fleet().workerWith(['a', 'b', 'c', 'd', 'e', 'f'], newest(2));
    for (const id of ['a', 'b', 'c']) {
      await fleet().advance(1);
      await worker.step(6, completed(id));
    }
    await worker.step(6, dead('d'));
    await fleet().advance(1);
    await worker.step(6, dead('e'));

    expect(await fleet().places()).toEqual({ active: ['f'], completed: ['b', 'c'], dead: ['e'] });
    expect(await worker.queue.read(['a', 'd'])).toEqual([undefined, undefined]);
  });

  it('keeps nothing at all of an ended task when told so', async () => {
    const worker = await fleet().workerWith(['a'], newest(0));
    await worker.queue.note(worker.consumer, 'a', 'progress', '1');
    await worker.queue.note(worker.consumer, 'a', 'log', 'line');
    await worker.step(1, retried('a'));

    await worker.step(1, completed('a'));

    expect(await worker.queue.read(['a'])).toEqual([undefined]);
    expect(await fleet().places()).toEqual({});
  });

  it('drops what is beyond its age', async () => {
    const worker = await fleet().workerWith(['a', 'b', 'c'], newest(10, 1_000));
    await worker.step(3, completed('a'), dead('b'));
    await fleet().advance(500);
    await worker.step(3, completed('c'));

    await fleet().advance(499);
    expect(await worker.tidy()).toEqual({ more: false });
    expect(await fleet().places()).toEqual({ completed: ['a', 'c'], dead: ['b'] });
    await fleet().advance(1);
    expect(await worker.tidy()).toEqual({ more: false });
    expect(await fleet().places()).toEqual({ completed: ['c'] });
  });

  it('drops at the next tidying what is kept for no time', async () => {
    const worker = await fleet().workerWith(['a'], newest(10, 0));
    await worker.step(1, completed('a'));
    expect(await worker.queue.awaitOutcome('a')).toMatchObject({ state: 'completed' });

    await worker.tidy();

    expect(await worker.queue.awaitOutcome('a')).toBe('unknown');
  });

  it('keeps for ever what has no age', async () => {
    const worker = await fleet().workerWith(['a'], newest(10, Number.POSITIVE_INFINITY));
    await worker.step(1, completed('a'));
    await fleet().advance(1e12);

    await worker.tidy();

    expect(await fleet().places()).toEqual({ completed: ['a'] });
  });

  it('drops very many in several calls', async () => {
    const ids = Array.from({ length: 700 }, (_, at) => `t${at}`);
    const worker = await fleet().workerWith(ids, newest(1_000, 10));
    await worker.step(0, ...ids.map((id) => completed(id)));
    await fleet().advance(10);

    expect(await worker.tidy()).toEqual({ more: true });
    expect(await worker.queue.counts()).toMatchObject({ completed: 200 });
    expect(await worker.tidy()).toEqual({ more: false });
    expect(await worker.queue.counts()).toMatchObject({ completed: 0 });
  });
}

export function parkingCases(fleet: () => Fleet): void {
  it('makes parked tasks waiting that a handler of that name can run', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([task('a', undefined, 'send'), task('b', undefined, 'sender'), task('c')]);
    await worker.step(3);
    await worker.step(0, parked('a'), parked('b'), parked('c'));

    expect(await worker.tidy('other')).toEqual({ more: false });
    expect(await worker.queue.counts()).toMatchObject({ parked: 3, waiting: 0 });
    expect(await worker.tidy('other', 'send')).toEqual({ more: false });

    expect(await fleet().places()).toEqual({ parked: ['b'], waiting: ['a', 'c'] });
    expect((await worker.queue.read(['a']))[0]).toMatchObject({ state: 'waiting', outcome: undefined });
    expect((await worker.step(1)).tasks).toMatchObject([{ id: 'a', tries: 0 }]);
  });

  it('leaves tasks parked that are of another version', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([{ id: 'new', envelope: '3send\n\n\n' }]);
    await worker.step(1);
    await worker.step(0, parked('new'));

    await worker.tidy('send', '3send');

    expect(await fleet().places()).toEqual({ parked: ['new'] });
  });

  it('hands what it makes waiting to idle consumers', async () => {
    const [old, idle] = [await fleet().workerWith(['a']), await fleet().worker()];
    await old.step(0, parked('a'));
    await idle.step(1);

    await old.tidy('send');

    expect(await idle.handedIds()).toEqual(['a']);
  });

  it('gives them to the caller as far as it is idle, and the rest to the head of the queue (A9)', async () => {
    const [caller, other] = [await fleet().workerWith(['a', 'b', 'c']), await fleet().worker()];
    await caller.step(0, parked('a'), parked('b'), parked('c'));
    await caller.queue.pause();
    await caller.queue.add([task('x')]);
    await caller.step(2);
    await other.step(0);
    await caller.queue.resume();
    expect(await caller.handedIds()).toEqual(['x']);

    await caller.tidy('send');

    expect(await caller.handedIds()).toEqual(['x', 'a']);
    await caller.queue.add([task('y')]);
    expect(await caller.list('waiting')).toEqual(['b', 'c', 'y']);
  });

  it('gives them to the caller though another one is more idle (A9)', async () => {
    const [caller, old] = [await fleet().workerWith(['a']), await fleet().worker()];
    await caller.step(1, parked('a'));
    await old.step(9);

    await caller.tidy('send');

    expect(await caller.handedIds()).toEqual(['a']);
    expect(await old.handedIds()).toEqual([]);
  });

  it('gives none to a caller that is not idle, or dead, but to whoever is', async () => {
    const [caller, idle] = [await fleet().workerWith(['a', 'b']), await fleet().worker()];
    await caller.step(0, parked('a'), parked('b'));
    await caller.tidy();
    await idle.step(1);

    await caller.tidy('send');

    expect(await idle.handedIds()).toEqual(['a']);
    expect(await caller.handed()).toEqual([]);
    await idle.step(0, parked('a'));
    await idle.queue.tidy('0:nobody', ['send']);
    expect([...(await caller.list('waiting'))].sort()).toEqual(['a', 'b']);
  });

  it('un-parks envelopes of every version that is read, by the whole of their name', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([
      { id: 'old', envelope: '1send\n\n\n' },
      { id: 'new', envelope: '2send\n\n\n' },
      { id: 'longer', envelope: '2sender\n\n\n' },
    ]);
    await worker.claim(3);
    await worker.step(0, parked('old'), parked('new'), parked('longer'));

    await worker.tidy('send');

    expect([...(await worker.list('waiting'))].sort()).toEqual(['new', 'old']);
    expect(await worker.list('parked')).toEqual(['longer']);
  });

  it('keeps priority, group and attempts of what was parked', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('a', { priority: 8, group: 'g' }), task('b')]);
    expect(await worker.claim(1)).toEqual(['a']);
    await worker.step(0, parked('a', 2));

    await worker.tidy('send');

    expect(await worker.queue.read(['a'])).toMatchObject([
      { state: 'waiting', priority: 8, group: 'g', tries: 2 },
    ]);
    expect(await worker.claim(9)).toEqual(['a', 'b']);
  });

  it('makes very many waiting in several calls', async () => {
    const ids = Array.from({ length: 700 }, (_, at) => `t${at}`);
    const worker = await fleet().workerWith(ids);
    await worker.step(0, ...ids.map((id) => parked(id)));

    expect(await worker.tidy('send')).toEqual({ more: true });
    expect(await worker.queue.counts()).toMatchObject({ parked: 200, waiting: 500 });
    expect(await worker.tidy('send')).toEqual({ more: false });
    expect(await worker.queue.counts()).toMatchObject({ parked: 0, waiting: 700 });
  });

  it('reaches parked tasks behind very many that nobody here can run', async () => {
    const worker = await fleet().worker();
    const strange = Array.from({ length: 5_200 }, (_, at) => `t${String(at).padStart(4, '0')}`);
    await worker.queue.add([...strange.map((id) => task(id, undefined, 'strange')), task('u')]);
    for (let turn = 0; turn < 6; turn++) {
      const claimed = await worker.claim(1_000);
      await worker.step(0, ...claimed.map((id) => parked(id)));
    }
    expect(await worker.queue.counts()).toMatchObject({ parked: 5_201 });

    let more = 202;
    while (--more > 0 && (await worker.queue.counts()).waiting === 0) {
      await worker.tidy('send');
      await fleet().advance(1);
    }

    expect(await worker.queue.list('waiting', 0, -1)).toEqual(['u']);
  });

  it('drops a parked task without a record', async () => {
    const worker = await fleet().workerWith(['a', 'b']);
    await worker.step(0, parked('a'), parked('b'));
    await fleet().dropRecord('a');

    await worker.tidy('send');

    expect(await fleet().places()).toEqual({ waiting: ['b'] });
  });
}
