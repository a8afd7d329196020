import { expect, it } from '@jest/globals';
import { completed, LEASE, parked, retried, task, tasks, type Fleet } from './task-broker.fleet.js';

/** When to look again: who keeps the next due time, and that somebody idle always does. */
export function lookingCases(fleet: () => Fleet): void {
  it('tells an idle consumer when the next delayed task falls due', async () => {
    const worker = await fleet().worker();
    expect((await worker.step(1)).nextMs).toBeUndefined();

    await worker.queue.add([task('a', { inMs: 700 }), task('b', { inMs: 300 })]);

    expect((await worker.step(1)).nextMs).toBe(300);
    await fleet().advance(100);
    expect((await worker.step(1)).nextMs).toBe(200);
  });

  it('tells a consumer with no free slot nothing', async () => {
    const worker = await fleet().workerWith(['a']);
    await worker.queue.add([task('b', { inMs: 300 })]);

    expect((await worker.step(1)).nextMs).toBeUndefined();
    expect((await worker.step(0)).nextMs).toBeUndefined();
  });

  it('pushes a time that is sooner than the known one, and no later one', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([task('a', { inMs: 500 })]);
    await worker.step(1);

    await worker.queue.add([task('later', { inMs: 800 })]);
    await worker.queue.add([task('sooner', { inMs: 200 })]);
    await worker.queue.add([task('between', { inMs: 300 })]);

    expect(await worker.dues()).toEqual([200]);
  });

  it('pushes the time of the first delayed task of all', async () => {
    const worker = await fleet().worker();
    await worker.step(1);

    await worker.queue.add([task('a', { inMs: 500 }), task('b', { inMs: 400 })]);

    expect(await worker.dues()).toEqual([400]);
  });

  it('tells somebody idle of a retry that another one has delayed', async () => {
    const [idle, full] = [await fleet().worker(), await fleet().workerWith(['a', 'b'])];
    await idle.step(1);

    await full.step(1, retried('a', 150));

    expect(Math.min(...(await idle.dues()))).toBe(150);
  });

  it('tells somebody idle of a retry that another idle one has delayed', async () => {
    const [idle, worker] = [await fleet().worker(), await fleet().workerWith(['a', 'b'])];
    await idle.step(1);

    const { nextMs } = await worker.step(2, retried('a', 150));

    expect(Math.min(nextMs ?? LEASE, ...(await idle.dues()))).toBe(150);
  });

  it('has another one keep the time when its keeper leaves', async () => {
    const [keeper, other] = [await fleet().worker(), await fleet().worker()];
    await keeper.step(1);
    await other.step(1);
    await keeper.queue.add([task('a', { inMs: 900 })]);
    await keeper.step(1);
    await fleet().advance(100);

    await keeper.queue.leave(keeper.consumer);

    expect((await other.dues()).at(-1)).toBe(800);
  });

  it('has another one keep the time when its keeper takes a new name and does not step', async () => {
    const [keeper, other] = [await fleet().worker(), await fleet().worker()];
    await keeper.step(1);
    await other.step(1);
    await keeper.queue.add([task('a', { inMs: 900 })]);
    await keeper.step(1);

    await keeper.join({ consumer: keeper.consumer, keep: [] });
    await keeper.queue.leave(keeper.consumer);

    expect((await other.dues()).at(-1)).toBe(900);
  });

  it('has another one keep the time when its keeper has no slot left', async () => {
    const [keeper, other] = [await fleet().worker(), await fleet().worker()];
    await keeper.step(2);
    await other.step(1);
    await keeper.queue.add([task('a', { inMs: 900 })]);
    await keeper.queue.add(tasks('x', 'y', 'z'));
    expect(await keeper.handed()).toHaveLength(2);
    await other.step(1, completed((await other.handedIds())[0] ?? ''));
    await fleet().advance(900);

    // Its timer goes off, and it is full.
    await keeper.step(2);

    expect([...(await other.handedIds())].slice(-1)).toEqual(['a']);
  });

  it('has somebody with a free slot keep the time after its keeper was filled up', async () => {
    const [keeper, other] = [await fleet().worker(), await fleet().worker()];
    await keeper.step(1);
    await other.step(1);
    await keeper.queue.add([task('a', { inMs: 900 })]);
    await keeper.queue.add(tasks('x', 'y'));
    const [had = ''] = await other.handedIds();

    const { nextMs } = await other.step(1, completed(had));

    expect(nextMs).toBeLessThanOrEqual(900);
  });

  it('finds another keeper when the one that was told has not looked', async () => {
    const [dead, other] = [await fleet().worker(), await fleet().worker()];
    await dead.step(1);
    await dead.queue.add([task('a', { inMs: 900 }), task('b', { inMs: 20_000 })]);
    await dead.step(1);
    await other.step(2);
    await fleet().kill(dead);
    await fleet().advance(900 + 2_001);

    expect(await other.queue.beat(other.consumer, 'idle')).toBe('look');
    expect(await other.claim(2)).toEqual(['a']);
    expect((await other.step(2, completed('a'))).nextMs).toBe(20_000 - 2_901);
  });

  it('has another idle one look soon after a keeper that was killed while idle', async () => {
    const [keeper, other] = [await fleet().worker(), await fleet().worker()];
    await keeper.step(1);
    await other.step(1);
    await fleet().kill(keeper);

    await other.queue.add([task('a', { inMs: 900 }), task('b', { inMs: 9_000 })]);

    const told = Math.min(...(await other.dues()));
    expect(told).toBeLessThanOrEqual(900 + 2_001);
    await fleet().advance(told);
    expect(await other.claim(2)).toEqual(['a']);
    expect((await other.step(2, completed('a'))).nextMs).toBe(9_000 - told);
  });

  it('tells an idle one that is not the keeper when to look after it, again and again', async () => {
    const [keeper, other] = [await fleet().worker(), await fleet().worker()];
    await keeper.step(1);
    await keeper.queue.add([task('a', { inMs: 900 }), task('b', { inMs: 5_000 })]);

    expect((await other.step(1)).nextMs).toBeLessThanOrEqual(900 + 2_001);
    await fleet().advance(900);
    expect(await keeper.claim(1)).toEqual(['a']);
    await keeper.step(1, completed('a'));
    expect((await other.step(1)).nextMs).toBeLessThanOrEqual(4_100 + 2_001);
  });

  it('has whoever has nothing in hand watch a keeper that works', async () => {
    const [other, keeper] = [await fleet().workerWith(['a']), await fleet().worker()];
    await keeper.step(2);
    await keeper.queue.add([task('b')]);
    expect(await keeper.handedIds()).toEqual(['b']);
    await other.step(1, completed('a'));
    await fleet().advance(LEASE / 4);
    // It sees that nobody else is at work.
    await keeper.step(2);

    expect((await other.step(1)).nextMs).toBeLessThanOrEqual(LEASE + 1);

    await fleet().kill(keeper);
    expect(await fleet().outlive(other, 1)).toEqual(['b']);
  });

  it('has somebody idle watch whoever works', async () => {
    const [idle, worker] = [await fleet().worker(), await fleet().worker()];
    await idle.step(1);
    await worker.queue.add(tasks('a', 'b'));
    expect(await worker.claim(1)).toEqual(['b']);
    expect(await idle.handedIds()).toEqual(['a']);

    const { nextMs } = await idle.step(1, completed('a'));

    expect(nextMs).toBeLessThanOrEqual(LEASE / 2);
    expect(await fleet().places()).toMatchObject({ active: ['b'] });
  });

  it('has somebody idle watch a consumer from the moment it is handed something', async () => {
    const [idle, worker] = [await fleet().worker(), await fleet().worker()];
    await idle.step(1);
    await worker.step(2);

    await worker.queue.add(tasks('a'));

    expect(await worker.handedIds()).toEqual(['a']);
    expect(Math.min(...(await idle.dues()))).toBeLessThanOrEqual(LEASE / 2);
  });

  it('has somebody idle watch a consumer from the moment it claims something', async () => {
    const [idle, worker] = [await fleet().worker(), await fleet().worker()];
    await worker.queue.add(tasks('a', 'b'));
    await idle.step(1);
    await idle.step(1, completed('a'));
    await idle.step(2, completed('b'));
    await idle.step(0);
    await worker.queue.add(tasks('c'));
    expect(await worker.claim(1)).toEqual(['c']);

    expect((await idle.step(2)).nextMs).toBeLessThanOrEqual(LEASE / 2);
  });

  it('beats: nothing to do', async () => {
    const worker = await fleet().worker();
    await worker.step(1);

    expect(await worker.queue.beat(worker.consumer, 'idle')).toBe('ok');
    expect(await worker.queue.beat(worker.consumer, 'busy')).toBe('ok');
  });

  it('beats: look, when something waits or is overdue', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([task('a', { inMs: 10 })]);
    const beat = (): Promise<string> => worker.queue.beat(worker.consumer, 'idle');

    expect(await beat()).toBe('ok');
    await fleet().advance(11);
    expect(await beat()).toBe('look');
    await worker.step(0);
    expect(await fleet().places()).toEqual({ waiting: ['a'] });
    expect(await beat()).toBe('look');
    expect(await worker.queue.beat(worker.consumer, 'busy')).toBe('ok');
    expect(await worker.claim(1)).toEqual(['a']);
  });

  it('beats: look, busy or idle, when somebody is dead', async () => {
    const [dead, busy, idle] = [
      await fleet().workerWith(['a', 'b']),
      await fleet().workerWith(['c']),
      await fleet().worker(),
    ];
    await idle.step(1);
    await fleet().kill(dead);
    for (let left = LEASE; left > 0; left -= LEASE / 4) {
      await fleet().advance(LEASE / 4);
      expect(await busy.queue.beat(busy.consumer, 'busy')).toBe('ok');
    }
    await fleet().advance(1);

    expect(await busy.queue.beat(busy.consumer, 'busy')).toBe('look');
    expect(await idle.queue.beat(idle.consumer, 'idle')).toBe('look');
  });

  it('beats: look, when its own lease was over and what was added passed it by', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(tasks('a'));
    expect(await worker.claim(2)).toEqual(['a']);
    await fleet().advance(LEASE + 1);
    await worker.queue.add(tasks('b'));
    expect(await worker.handedIds()).toEqual([]);

    expect(await worker.queue.beat(worker.consumer, 'busy')).toBe('look');
    expect(await worker.claim(2)).toEqual(['b']);
    expect(await worker.queue.beat(worker.consumer, 'busy')).toBe('ok');
  });

  it('beats: tidy, when something is parked', async () => {
    const worker = await fleet().workerWith(['a']);
    await worker.step(1, parked('a'));

    expect(await worker.queue.beat(worker.consumer, 'idle')).toBe('tidy');
    expect(await worker.queue.beat(worker.consumer, 'busy')).toBe('ok');
  });
}
