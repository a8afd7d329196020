import { expect, it } from '@jest/globals';
import { completed, IDLE_LEASE, LEASE, retried, task, tasks, type Fleet } from './task-broker.fleet.js';

export function leaseCases(fleet: () => Fleet): void {
  it('gives what a dead consumer had to others, at the head of the queue', async () => {
    const dead = await fleet().workerWith(['a', 'b', 'c']);
    const alive = await fleet().worker();
    await alive.queue.add(tasks('d'));
    await fleet().kill(dead);

    expect(await fleet().outlive(alive, 4)).toEqual(['d', 'a', 'b', 'c']);
  });

  it('waits for the whole lease, and not longer', async () => {
    const dead = await fleet().workerWith(['a', 'b']);
    const alive = await fleet().worker();
    for (let at = 0; at < LEASE; at += LEASE / 4) {
      expect(await alive.claim(1)).toEqual([]);
      await fleet().advance(LEASE / 4);
    }
    expect(await alive.claim(1)).toEqual([]);

    await fleet().advance(1);

    expect(await alive.claim(1)).toEqual(['a']);
    expect(await dead.queue.step(dead.consumer, [], 1)).toBe('lost');
  });

  it('lives as long as it is heard of, by a step or a beat', async () => {
    const worker = await fleet().workerWith(['a']);
    const other = await fleet().worker();
    for (let beat = 0; beat < 10; beat++) {
      await fleet().advance(LEASE / 3);
      if (beat % 2 === 0) expect(await worker.queue.beat(worker.consumer, 'busy')).toBe('ok');
      else await worker.step(1);
      expect(await other.claim(1)).toEqual([]);
    }
  });

  it('refuses every late call of a consumer that was declared dead', async () => {
    const dead = await fleet().workerWith(['a', 'b']);
    const alive = await fleet().worker();
    expect(await fleet().outlive(alive, 1)).toEqual(['a']);
    const before = await fleet().look();
    const { queue, consumer } = dead;

    expect(await queue.step(consumer, [completed('a'), retried('b')], 5)).toBe('lost');
    expect(await queue.beat(consumer, 'busy')).toBe('lost');
    expect(await queue.beat(consumer, 'idle')).toBe('lost');
    expect(await queue.note(consumer, 'a', 'progress', '50')).toBe(false);
    expect(await queue.note(consumer, 'b', 'log', 'late')).toBe(false);
    await queue.leave(consumer);

    expect(await fleet().look()).toEqual(before);
    expect(await queue.read(['a'])).toMatchObject([
      { state: 'active', progress: undefined, outcome: undefined },
    ]);
  });

  it('leaves an idle consumer its long lease, which a beat extends', async () => {
    const [idle, other] = [await fleet().worker(), await fleet().worker()];
    await idle.claim(1);
    await fleet().advance(IDLE_LEASE - LEASE - 1);
    expect(await idle.queue.beat(idle.consumer, 'idle')).toBe('ok');
    await fleet().advance(IDLE_LEASE);
    await other.step(0);

    await other.queue.add(tasks('a'));
    expect(await idle.handedIds()).toEqual(['a']);
  });

  it('watches an idle consumer from the first task that it is handed', async () => {
    const [dead, alive] = [await fleet().worker(), await fleet().worker()];
    await dead.claim(1);
    await alive.step(0);
    await fleet().advance(10_000);
    await fleet().kill(dead);
    await alive.queue.add(tasks('a'));
    await alive.queue.add(tasks('b'));
    expect(await alive.claim(1)).toEqual(['b']);

    expect(await fleet().outlive(alive, 2)).toEqual(['a']);
  });

  it('tells a consumer that believes itself idle that something was pushed to it in vain', async () => {
    const worker = await fleet().worker();
    await worker.claim(1);
    await worker.queue.add(tasks('a'));

    expect(await worker.queue.beat(worker.consumer, 'idle')).toBe('ok');
    await fleet().advance(LEASE + 1);
    expect(await worker.queue.beat(worker.consumer, 'idle')).toBe('lost');

    expect(await worker.join({ consumer: worker.consumer, keep: [] })).toEqual([]);
    expect(await worker.claim(1)).toEqual(['a']);
  });

  it('promotes what falls due after the consumer that knew of it died', async () => {
    const dead = await fleet().workerWith(['a']);
    await dead.step(2, retried('a', 1_000));
    await dead.queue.add([task('b', { inMs: 1_500 })]);
    await fleet().kill(dead);
    const alive = await fleet().worker();

    await fleet().advance(1_500);

    expect(await alive.claim(5)).toEqual(['a', 'b']);
  });
}

export function silenceCases(fleet: () => Fleet): void {
  const OUTAGE = 10 * LEASE;

  it('declares nobody dead for a lease after a silence of all (B1)', async () => {
    const [ann, bob] = [await fleet().workerWith(['a']), await fleet().workerWith(['b'])];

    await fleet().advance(OUTAGE);
    expect(await ann.claim(5)).toEqual([]);
    await fleet().advance(LEASE - 1);
    expect(await ann.claim(5)).toEqual([]);

    expect(await bob.claim(5, completed('b'))).toEqual([]);
    expect(await bob.queue.counts()).toMatchObject({ active: 1, completed: 1 });
  });

  it('declares dead who was not heard of within the lease after a silence', async () => {
    const [ann, bob] = [await fleet().workerWith(['a']), await fleet().workerWith(['b'])];

    await fleet().advance(OUTAGE);
    expect(await ann.claim(5)).toEqual([]);

    expect(await fleet().outlive(ann, 5)).toEqual(['b']);
    expect(await bob.queue.beat(bob.consumer, 'busy')).toBe('lost');
  });

  it('keeps the lease after a silence that an add, a beat or a join ends', async () => {
    for (const ender of ['add', 'beat', 'join'] as const) {
      const name = `queue-${ender}`;
      const idle = await fleet().worker({ name, idleLeaseMs: 10 * OUTAGE });
      const [ann, bob] = [
        await fleet().workerWith(['a'], { name }),
        await fleet().workerWith(['b'], { name }),
      ];
      await idle.claim(1);

      await fleet().advance(OUTAGE);
      if (ender === 'add') await idle.queue.add(tasks('c'));
      if (ender === 'beat') await bob.queue.beat(bob.consumer, 'busy');
      if (ender === 'join') await (await fleet().worker({ name })).step(0);
      await fleet().advance(1);
      await idle.claim(2);

      expect(await ann.queue.step(ann.consumer, [completed('a')], 0)).not.toBe('lost');
      expect(await bob.queue.step(bob.consumer, [completed('b')], 0)).not.toBe('lost');
    }
  });

  it('knows a silence from rest: what is handed over first is watched from then on', async () => {
    const [dead, alive] = [await fleet().worker(), await fleet().worker()];
    await dead.claim(2);
    await alive.claim(1);
    await fleet().advance(2 * LEASE);
    await alive.queue.add(tasks('a'));
    expect(await dead.handedIds()).toEqual(['a']);

    expect(await fleet().outlive(alive, 1)).toEqual(['a']);
  });

  it('does not look again and again while it waits for the silence to be over', async () => {
    const [, alive] = [await fleet().workerWith(['a', 'b']), await fleet().worker()];
    await alive.claim(1);
    await fleet().advance(OUTAGE);

    let waited = 0;
    for (let steps = 0; steps < 4; steps++) {
      const { tasks: claimed, nextMs } = await alive.step(1);
      if (claimed.length > 0) break;
      waited += nextMs ?? Number.NaN;
      await fleet().advance(nextMs ?? 0);
    }

    expect(waited).toBeGreaterThanOrEqual(LEASE);
    expect(waited).toBeLessThan(1.5 * LEASE);
    expect(await fleet().places()).toEqual({ active: ['a'], waiting: ['b'] });
  });

  it('finds the dead after a lease when the clock is set back', async () => {
    const [, alive] = [await fleet().workerWith(['a', 'b']), await fleet().workerWith(['c'])];

    await fleet().advance(-OUTAGE);
    expect(await alive.claim(1)).toEqual([]);

    expect(await fleet().outlive(alive, 2)).toEqual(['a']);
  });

  it('finds the dead after a lease when the clock is set back while it is silent', async () => {
    const [, alive] = [await fleet().workerWith(['a', 'b']), await fleet().workerWith(['c'])];

    await fleet().advance(OUTAGE);
    await alive.step(1);
    await fleet().advance(-OUTAGE);
    expect(await alive.claim(1)).toEqual([]);

    expect(await fleet().outlive(alive, 2)).toEqual(['a']);
  });

  it('leaves the living alone when the clock is set back', async () => {
    const [ann, bob] = [await fleet().workerWith(['a']), await fleet().workerWith(['b'])];
    await fleet().advance(-OUTAGE);

    for (let beat = 0; beat < 8; beat++) {
      await fleet().advance(LEASE / 3);
      expect(await ann.queue.beat(ann.consumer, 'busy')).toBe('ok');
      expect(await bob.claim(1)).toEqual([]);
    }
  });

  it('still makes a delayed task claimable at its time after the clock was set back', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([task('a', { inMs: 1_000 })]);
    await fleet().advance(-5_000);
    expect(await worker.claim(1)).toEqual([]);

    await fleet().advance(6_000);
    expect(await worker.claim(1)).toEqual(['a']);
  });
}
