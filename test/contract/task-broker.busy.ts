import { expect, it } from '@jest/globals';
import {
  completed,
  exists,
  keeping,
  LEASE,
  retried,
  task,
  tasks,
  type Fleet,
  type TestWorker,
} from './task-broker.fleet.js';

/** As long as there is a task for every slot a consumer finds nothing out by being idle: its steps have to do it all. */
export function busyCases(fleet: () => Fleet): void {
  const KEEP_TWO = { keep: keeping({ completed: { count: 2 } }) };
  const MANY = Array.from({ length: 60 }, (_, at) => `many ${at}`);

  /**
   * A worker of one slot works for so long, a task each 200 ms, and always finds another one; a second one has died.
   * Returns what it ran.
   */
  const work = async (forMs: number, killed: (doomed: TestWorker) => Promise<void>): Promise<string[]> => {
    const doomed = await fleet().workerWith(['lost'], KEEP_TWO);
    const busy = await fleet().worker(KEEP_TWO);
    await busy.queue.add(tasks(...MANY));
    const ran = await busy.claim(1);
    await killed(doomed);
    for (let ms = 0; ms < forMs; ms += 200) {
      await fleet().advance(200);
      ran.push(...(await busy.claim(1, completed(ran.at(-1) ?? ''))));
    }
    return ran;
  };

  /** A worker of one slot, with the first of many. */
  const atWork = async (settings = {}): Promise<TestWorker> => {
    const busy = await fleet().worker(settings);
    await busy.queue.add(tasks(...MANY));
    await busy.claim(1);
    return busy;
  };

  it('takes back what a dead one had', async () => {
    expect(await work(LEASE + 2_000, (doomed) => fleet().kill(doomed))).toContain('lost');
  });

  it('takes it back, too, when the clock was set back', async () => {
    const ran = await work(2 * LEASE, async (doomed) => {
      await fleet().kill(doomed);
      await fleet().advance(-3_600_000);
    });
    expect(ran).toContain('lost');
  });

  it('leaves nothing of a task that had failed once', async () => {
    const busy = await fleet().worker(KEEP_TWO);
    await busy.queue.add(tasks('a', 'b'));
    await busy.claim(1);
    let [id = ''] = await busy.claim(1, retried('a'));
    await busy.queue.add(tasks(...MANY));
    const ran = [id];
    for (let i = 0; i < 5; i++) ran.push(([id = ''] = await busy.claim(1, completed(id)))[0] ?? '');

    expect(ran).toEqual(['b', 'a', ...MANY.slice(0, 4)]);
    expect((await fleet().look()).sideRecords).not.toContain('a');
  });

  it('tells who waits for the end of what it runs', async () => {
    const busy = await atWork();
    await busy.queue.awaitOutcome('many 1');
    await busy.claim(1, completed('many 0'));
    await busy.claim(1, completed('many 1'));
    expect((await busy.told()).map(({ id }) => id)).toEqual(['many 1']);
  });

  it('promotes what falls due, at once', async () => {
    const busy = await atWork();
    await busy.queue.add([task('later', { inMs: 100 })]);
    await fleet().advance(100);
    await busy.claim(1, completed('many 0'));
    expect(await busy.states('later')).toEqual(['waiting']);
  });

  it('passes over an id without a record', async () => {
    const busy = await atWork();
    await fleet().dropRecord('many 1');
    expect(await busy.claim(1, completed('many 0'))).toEqual(['many 2']);
  });

  it('is told how often a task was tried, also of the last one that waits', async () => {
    const busy = await fleet().worker();
    await busy.queue.add(tasks('a', 'b', 'c'));
    await busy.claim(1);
    await busy.claim(1, retried('a'));
    expect((await busy.step(5)).tasks).toMatchObject([
      { id: 'c', tries: 0 },
      { id: 'a', tries: 1 },
    ]);
  });

  it('keeps no more tasks than allowed', async () => {
    const busy = await atWork(KEEP_TWO);
    for (let at = 0; at < 4; at++) await busy.claim(1, completed(`many ${at}`));
    expect(await busy.list('completed')).toEqual(['many 2', 'many 3']);
  });

  it('keeps at most a fiftieth more of many, and no more than allowed once it rests', async () => {
    const busy = await fleet().worker({ keep: keeping({ completed: { count: 50 } }) });
    await busy.queue.add(tasks(...MANY));
    let [id = ''] = await busy.claim(1);
    for (let at = 0; at < 55; at++) [id = ''] = await busy.claim(1, completed(id));
    expect((await busy.list('completed')).length).toBeLessThanOrEqual(51);

    const rest = [id, ...(await busy.claim(10))];
    await busy.claim(10, ...rest.map((one) => completed(one)));
    expect(await busy.list('completed')).toHaveLength(50);
  });

  it('keeps no more bytes than allowed', async () => {
    const settings = { keep: keeping({ completed: { bytes: 900 } }) };
    const busy = await fleet().worker(settings);
    await busy.queue.add(tasks(...MANY));
    let [id = ''] = await busy.claim(1);
    for (let i = 0; i < 8; i++) [id = ''] = await busy.claim(1, completed(id));
    expect((await busy.list('completed')).length).toBeLessThan(5);
  });
}

/** A lone task that is added while somebody is idle. */
export function loneCases(fleet: () => Fleet): void {
  it('is handed over once', async () => {
    const idle = await fleet().worker();
    await idle.claim(2);
    await idle.queue.add(tasks('a'));
    expect(await idle.queue.add(tasks('a'))).toEqual([exists('a')]);
    expect(await idle.handedIds()).toEqual(['a']);
  });

  it('that is handed over after a rest is taken back a lease later', async () => {
    const doomed = await fleet().worker();
    await doomed.claim(1);
    await fleet().advance(2 * LEASE);
    await fleet().kill(doomed);
    const producer = await fleet().worker();
    await producer.queue.leave(producer.consumer);
    await fleet().advance(2 * LEASE);
    await producer.queue.add(tasks('a'));

    await fleet().advance(LEASE / 4);
    const heir = await fleet().worker();
    expect(await heir.claim(1)).toEqual([]);
    for (let part = 0; part < 2; part++) {
      await fleet().advance(LEASE / 4);
      expect(await heir.claim(1)).toEqual([]);
    }
    await fleet().advance(LEASE / 4 + 1);
    expect(await heir.claim(1)).toEqual(['a']);
  });

  it('does not hide that the clock was set back', async () => {
    const doomed = await fleet().workerWith(['lost']);
    const idle = await fleet().worker();
    await idle.claim(1);
    await fleet().kill(doomed);
    await fleet().advance(-3_600_000);

    await idle.queue.add(tasks('a'));

    expect(await idle.handedIds()).toEqual(['a']);
    const ran = await idle.claim(1, completed('a'));
    for (let ms = 0; ms < 2 * LEASE && ran.length === 0; ms += LEASE / 4) {
      await fleet().advance(LEASE / 4);
      ran.push(...(await idle.claim(1)));
    }
    expect(ran).toEqual(['lost']);
  });
}
