import { expect, it } from '@jest/globals';
import { completed, LEASE, retried, tasks, type Fleet } from './task-broker.fleet.js';

export function joiningCases(fleet: () => Fleet): void {
  it('gives a name that was never used before', async () => {
    const worker = await fleet().worker();
    const names = [worker.consumer];
    for (let times = 0; times < 3; times++) {
      await worker.join({ consumer: worker.consumer, keep: [] });
      names.push(worker.consumer);
    }
    await fleet().advance(-LEASE);
    names.push((await fleet().worker()).consumer);

    expect(new Set(names).size).toBe(names.length);
  });

  it('keeps what is named, and gives back the rest to the head of the queue', async () => {
    const worker = await fleet().workerWith(['a', 'b', 'c', 'd']);
    await worker.queue.add(tasks('e'));

    expect(await worker.join({ consumer: worker.consumer, keep: ['b', 'x'] })).toEqual(['b']);

    expect(await worker.queue.list('waiting', 0, -1)).toEqual(['a', 'c', 'd', 'e']);
    expect(await worker.claim(2)).toEqual(['a']);
    await worker.step(0, completed('b'));
    expect(await worker.queue.read(['b'])).toMatchObject([{ state: 'completed' }]);
  });

  it('makes late packets of the consumer before harmless (A1)', async () => {
    const worker = await fleet().workerWith(['a', 'b']);
    const old = worker.consumer;
    await worker.join({ consumer: old, keep: ['a'] });
    expect(await worker.claim(2)).toEqual(['b']);
    const before = await fleet().look();

    expect(await worker.queue.step(old, [completed('a'), retried('b')], 2)).toBe('lost');
    expect(await worker.queue.note(old, 'a', 'log', 'late')).toBe(false);
    await worker.queue.leave(old);

    expect(await fleet().look()).toEqual(before);
  });

  it('acknowledges once what a lost answer left open', async () => {
    const worker = await fleet().workerWith(['a']);
    // The acknowledgement was taken and 'b' was claimed, but the answer never came.
    await worker.queue.add(tasks('b'));
    await worker.step(1, retried('a', 0));

    expect(await worker.join({ consumer: worker.consumer, keep: ['a'] })).toEqual([]);

    expect((await worker.step(2)).tasks).toMatchObject([
      { id: 'b', tries: 0 },
      { id: 'a', tries: 1 },
    ]);
  });

  it('keeps nothing that was taken away in the meantime', async () => {
    const late = await fleet().workerWith(['a', 'b']);
    const alive = await fleet().worker();
    expect(await fleet().outlive(alive, 1)).toEqual(['a']);

    expect(await late.join({ consumer: late.consumer, keep: ['a', 'b'] })).toEqual([]);

    expect((await fleet().look()).holders.get('a')).toBe(alive.consumer.split(':')[0]);
    expect(await late.claim(1)).toEqual(['b']);
  });

  it('carries on from a join whose answer was lost', async () => {
    const worker = await fleet().workerWith(['a', 'b']);
    const previous = { consumer: worker.consumer, keep: ['a'] };
    const lost = await worker.queue.join(previous);

    expect(await worker.join(previous)).toEqual(['a']);

    expect(await worker.queue.step(lost.consumer, [completed('a')], 1)).toBe('lost');
    expect(await worker.claim(2)).toEqual(['b']);
  });

  it('survives a join that arrives after its own repeat', async () => {
    const worker = await fleet().workerWith(['a', 'b']);
    const previous = { consumer: worker.consumer, keep: ['a'] };
    await worker.join(previous);
    await worker.queue.join(previous);

    expect(await worker.queue.step(worker.consumer, [], 2)).toBe('lost');
    expect(await worker.join({ consumer: worker.consumer, keep: ['a'] })).toEqual(['a']);
    expect(await worker.claim(2)).toEqual(['b']);
  });

  it('is watched from the start when it keeps something', async () => {
    const dead = await fleet().workerWith(['a', 'b']);
    await dead.join({ consumer: dead.consumer, keep: ['a', 'b'] });
    const alive = await fleet().worker();

    expect(await fleet().outlive(alive, 2)).toEqual(['a', 'b']);
  });

  it('hands what it does not keep to idle others', async () => {
    const [ann, bob] = [await fleet().workerWith(['a', 'b']), await fleet().worker()];
    await bob.claim(1);

    await ann.join({ consumer: ann.consumer, keep: ['a'] });

    expect(await bob.handedIds()).toEqual(['b']);
  });
}

export function leavingCases(fleet: () => Fleet): void {
  it('gives back what is in hand to the head of the queue, uncounted', async () => {
    const worker = await fleet().workerWith(['a', 'b']);
    await worker.queue.add(tasks('c'));

    await worker.queue.leave(worker.consumer);

    expect(await worker.queue.list('waiting', 0, -1)).toEqual(['a', 'b', 'c']);
    const next = await fleet().worker();
    expect((await next.step(1)).tasks).toMatchObject([{ id: 'a', tries: 0 }]);
  });

  it('hands it to idle others', async () => {
    const [ann, bob] = [await fleet().workerWith(['a', 'b', 'c']), await fleet().worker()];
    await bob.claim(2);

    await ann.queue.leave(ann.consumer);

    expect(await bob.handedIds()).toEqual(['a', 'b']);
  });

  it('is no more: it is handed nothing, and its calls change nothing', async () => {
    const worker = await fleet().worker();
    await worker.claim(5);

    await worker.queue.leave(worker.consumer);
    await worker.queue.leave(worker.consumer);
    await worker.queue.add(tasks('a'));

    expect(await worker.handedIds()).toEqual([]);
    expect(await worker.queue.step(worker.consumer, [], 5)).toBe('lost');
  });

  it('gives back what was handed over and not popped', async () => {
    const worker = await fleet().worker();
    await worker.claim(1);
    await worker.queue.add(tasks('a'));

    await worker.queue.leave(worker.consumer);

    expect(await worker.queue.list('waiting', 0, -1)).toEqual(['a']);
  });
}
