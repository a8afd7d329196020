import { expect, it } from '@jest/globals';
import {
  completed,
  keeping,
  LEASE,
  retried,
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

  it('keeps no more bytes than allowed', async () => {
    const settings = { keep: keeping({ completed: { bytes: 900 } }) };
    const busy = await fleet().worker(settings);
    await busy.queue.add(tasks(...MANY));
    let [id = ''] = await busy.claim(1);
    for (let i = 0; i < 8; i++) [id = ''] = await busy.claim(1, completed(id));
    expect((await busy.list('completed')).length).toBeLessThan(5);
  });
}
