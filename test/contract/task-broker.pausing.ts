import { expect, it } from '@jest/globals';
import { completed, LEASE, one, parked, retried, task, tasks, type Fleet } from './task-broker.fleet.js';

export function pausingCases(fleet: () => Fleet): void {
  it('claims nothing of a paused queue, whoever asks, and loses none of it', async () => {
    const [ann, bob] = [await fleet().worker(), await fleet().worker()];
    await ann.queue.add([...tasks('a', 'b'), task('c', { inMs: 10 })]);
    await bob.queue.pause();
    await fleet().advance(10);

    expect(await ann.claim(5)).toEqual([]);
    expect(await bob.claimFor({ shared: 5, names: [] })).toEqual([]);

    expect(await ann.queue.counts()).toMatchObject({ waiting: 3 });
    expect(await ann.list('waiting')).toEqual(['a', 'b', 'c']);
  });

  it('hands nothing of a paused queue over, whatever makes it claimable', async () => {
    const [busy, idle] = [await fleet().workerWith(['a', 'b', 'c', 'd']), await fleet().worker()];
    await idle.claim(9);
    await busy.queue.add([task('later', { inMs: 60_000 })]);
    await busy.queue.pause();

    await busy.queue.add(tasks('new'));
    await busy.queue.promote(['later']);
    await busy.step(0, retried('a'), completed('b'), parked('c'));
    await busy.queue.retry(['b'], 0);
    await idle.tidy('send');
    await busy.queue.leave(busy.consumer);

    expect(await idle.handed()).toEqual([]);
    expect(await idle.queue.counts()).toMatchObject({ active: 0, waiting: 6, parked: 0 });
    await idle.queue.resume();
    expect(await idle.handed()).toHaveLength(6);
  });

  it('lets what is active go on', async () => {
    const worker = await fleet().workerWith(['a', 'b', 'c']);
    await worker.queue.pause();

    expect(await worker.queue.note(worker.consumer, 'a', 'progress', '1')).toBe(true);
    expect(await worker.claim(3, completed('a'), retried('b'))).toEqual([]);

    expect(await worker.states('a', 'b', 'c')).toEqual(['completed', 'waiting', 'active']);
  });

  it('gives suspects of a paused queue to nobody', async () => {
    const observer = await fleet().worker({ maxCrashes: 9 });
    await observer.queue.add(tasks('a'));
    const doomed = await fleet().worker({ maxCrashes: 9 });
    await doomed.claim(1);
    await fleet().kill(doomed);
    await observer.queue.pause();
    await fleet().outlive(observer, 5);
    expect(await fleet().places()).toEqual({ suspects: ['a'] });
    const idle = await fleet().worker({ maxCrashes: 9 });
    expect(await idle.claim(5)).toEqual([]);

    await observer.queue.resume();

    const had = [...(await idle.handedIds()), ...(await observer.handedIds()), ...(await idle.claim(5))];
    expect(had).toEqual(['a']);
  });

  it('hands over to idle consumers when it is resumed, in order', async () => {
    const worker = await fleet().worker();
    await worker.queue.pause();
    await worker.claim(2);
    await worker.queue.add(tasks('a', 'b', 'c'));

    await worker.queue.resume();

    expect(await worker.handedIds()).toEqual(['a', 'b']);
    expect(await worker.list('waiting')).toEqual(['c']);
  });

  it('says what is paused, to every process, whoever joined since', async () => {
    const first = await fleet().producer();
    expect(await first.queue.paused()).toEqual({ queue: false, names: [] });
    await first.queue.pause();
    await first.queue.pause('send');
    await first.queue.pause('report');

    const late = await fleet().worker();

    const paused = await late.queue.paused();
    expect({ ...paused, names: [...paused.names].sort() }).toEqual({
      queue: true,
      names: ['report', 'send'],
    });
    await late.queue.resume('send');
    await late.queue.resume();
    expect(await first.queue.paused()).toEqual({ queue: false, names: ['report'] });
  });

  it('is paused once however often somebody says so, and resumed at once', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(tasks('a'));
    await worker.queue.pause();
    await worker.queue.pause();
    expect(await worker.claim(1)).toEqual([]);

    await worker.queue.resume();
    await worker.queue.resume();

    expect(await worker.handedIds()).toEqual(['a']);
    expect(await worker.queue.paused()).toEqual({ queue: false, names: [] });
  });

  it('asks nobody to look into a paused queue', async () => {
    const worker = await fleet().worker();
    await worker.queue.pause();
    await worker.queue.add(tasks('a'));

    expect(await worker.queue.beat(worker.consumer, 'idle')).toBe('ok');
    expect((await worker.step(1)).nextMs).toBeUndefined();
    await worker.queue.resume();
    expect(await worker.handedIds()).toEqual(['a']);
  });

  it('still finds the dead', async () => {
    const dead = await fleet().workerWith(['a', 'b']);
    const alive = await fleet().worker();
    await alive.queue.pause();
    await fleet().kill(dead);

    expect(await fleet().outlive(alive, 5)).toEqual([]);

    expect(await alive.list('waiting')).toEqual(['a', 'b']);
  });

  it('keeps queues apart', async () => {
    const worker = await fleet().worker();
    const other = await fleet().worker({ name: 'other' });
    await worker.queue.pause();
    await other.queue.add(tasks('a'));

    expect(await other.claim(1)).toEqual(['a']);
  });
}

export function pausingNameCases(fleet: () => Fleet): void {
  it('claims nothing of a paused name, and everything else', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('x1', { name: 'x' }), one('y1', { name: 'y' }), one('x2', { name: 'x' })]);
    await worker.queue.pause('x');

    expect(await worker.claim(5)).toEqual(['y1']);

    expect(await worker.queue.counts()).toMatchObject({ waiting: 2, active: 1 });
    expect(await worker.list('waiting')).toEqual(['x1', 'x2']);
    expect(await worker.queue.paused()).toEqual({ queue: false, names: ['x'] });
  });

  it('hands nothing of a paused name over, and everything else', async () => {
    const worker = await fleet().worker();
    await worker.claim(5);
    await worker.queue.pause('x');

    await worker.queue.add([one('x1', { name: 'x' }), one('y1', { name: 'y' })]);

    expect(await worker.handedIds()).toEqual(['y1']);
  });

  it('hands over at once what is resumed, before what came later', async () => {
    const worker = await fleet().worker();
    await worker.queue.pause('x');
    await worker.queue.add([one('x1', { name: 'x' }), one('x2', { name: 'x', priority: 9 })]);
    expect(await worker.claim(2)).toEqual([]);

    await worker.queue.resume('x');

    expect(await worker.handedIds()).toEqual(['x2', 'x1']);
    expect(await worker.queue.counts()).toMatchObject({ waiting: 0, active: 2 });
  });

  it('lets those with rooms look when a name is resumed', async () => {
    const worker = await fleet().worker();
    await worker.queue.pause('x');
    await worker.queue.add([one('x1', { name: 'x' })]);
    expect(await worker.claimFor({ shared: 5, names: [] })).toEqual([]);
    const before = (await worker.dues()).length;

    await worker.queue.resume('x');

    expect((await worker.dues()).slice(before)).toEqual([0]);
    expect(await worker.claimFor({ shared: 5, names: [] })).toEqual(['x1']);
  });

  it('does not ask for a look when all that waits is of paused names', async () => {
    const worker = await fleet().worker();
    await worker.queue.pause('x');
    await worker.queue.add([one('x1', { name: 'x' })]);
    await worker.claim(5);

    expect(await worker.queue.beat(worker.consumer, 'idle')).toBe('ok');
    expect((await worker.step(5)).nextMs).toBeUndefined();
  });

  it('knows a name by all of it', async () => {
    const worker = await fleet().worker();
    await worker.queue.pause('send');
    await worker.queue.add([
      one('a', { name: 'sender' }),
      one('b', { name: 'send' }),
      one('c', { name: 'resend' }),
    ]);

    expect(await worker.claim(5)).toEqual(['a', 'c']);
  });

  it('keeps a name paused though the queue is resumed', async () => {
    const worker = await fleet().worker();
    await worker.queue.pause();
    await worker.queue.pause('x');
    await worker.queue.add([one('x1', { name: 'x' }), one('y1', { name: 'y' })]);
    await worker.queue.resume();
    expect(await worker.claim(5)).toEqual(['y1']);

    await worker.queue.resume('x');

    expect(await worker.handedIds()).toEqual(['x1']);
  });

  it('sets a task aside again and again as names are paused', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('x1', { name: 'x' })]);
    for (let turn = 0; turn < 3; turn++) {
      await worker.queue.pause('x');
      expect(await worker.claim(1)).toEqual([]);
      await worker.step(0);
      await worker.queue.resume('x');
      expect(await worker.claim(1)).toEqual(['x1']);
      await fleet().advance(LEASE / 8);
      await worker.step(0, retried('x1'));
    }
  });

  it('takes a task back out of a paused name to be given to others', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('x1', { name: 'x' }), one('y1', { name: 'y' })]);
    await worker.claim(2);
    await worker.queue.pause('x');

    await worker.queue.leave(worker.consumer);

    const next = await fleet().worker();
    expect(await next.claim(5)).toEqual(['y1']);
    await next.queue.resume('x');
    expect(await next.handedIds()).toEqual(['x1']);
  });
}
