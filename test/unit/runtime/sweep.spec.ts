import { describe, expect, it } from '@jest/globals';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import { Sweep } from '../../../lib/task/runtime/sweep.js';
import { Bench, task } from './bench.js';
import { ScriptedTasks } from './scripted-tasks.js';
import { turns } from './scripted-broker.js';

const gone = (): Promise<never> => Promise.reject(new EngineUnavailableError('gone'));

/** Consumers of these queues that have started and have nothing in hand. */
async function idle(...queues: readonly string[]) {
  const tasks = new ScriptedTasks();
  const benches = queues.map((queue) => new Bench(3, {}, { queue }));
  const sweep = new Sweep(
    benches.map(({ consumer }) => consumer),
    tasks,
  );
  for (const { consumer } of benches) await consumer.start(() => undefined);
  await turns();
  /** What the queues were called with since this was asked last. */
  const beats = (): readonly string[] =>
    benches.flatMap((bench) => {
      const calls = bench.news().filter((call) => call.startsWith('beat'));
      return calls.map((call) => `${bench.broker.name}: ${call}`);
    });
  beats();
  return { tasks, benches, sweep, beats };
}

describe('a sweep', () => {
  it('asks about all queues at once, and leaves them alone when there is nothing', async () => {
    const { sweep, tasks, beats } = await idle('a', 'b', 'c');
    for (let round = 0; round < 3; round++) {
      await sweep.look();
      expect(tasks.news()).toEqual(['quiet a b c']);
    }
    expect(beats()).toEqual([]);
  });

  it('looks into the one that has something, in the same round', async () => {
    const { sweep, tasks, beats } = await idle('a', 'b', 'c');
    tasks.astir.add('b');
    await sweep.look();
    expect(tasks.news()).toEqual(['quiet a b c', 'quiet a', 'quiet b', 'quiet c']);
    expect(beats()).toEqual(['b: beat c1 idle']);
  });

  it('has a consumer step when there is something to do', async () => {
    const { sweep, tasks, benches } = await idle('a', 'b');
    tasks.astir.add('b');
    const [, bench] = benches;
    if (bench) bench.broker.onBeat = async () => 'look';
    await sweep.look();
    await turns();
    expect(bench?.news()).toEqual(['beat c1 idle', 'step c1 [] 3']);
  });

  it('looks into the same one each round, and asks about the others as before', async () => {
    const { sweep, tasks, beats } = await idle('a', 'b', 'c');
    tasks.astir.add('b');
    await sweep.look();
    tasks.news();
    await sweep.look();
    expect(tasks.news()).toEqual(['quiet a c', 'quiet b']);
    expect(beats()).toHaveLength(2);
    tasks.astir.clear();
    await sweep.look();
    expect(beats()).toEqual([]);
    tasks.news();
    await sweep.look();
    expect(tasks.news()).toEqual(['quiet a b c']);
  });

  it.each([
    [4, 4],
    [15, 10],
  ])('looks into each of %i that always have something every %i rounds', async (count, rounds) => {
    const queues = Array.from({ length: count }, (_, at) => `q${at}`);
    const { sweep, tasks, beats } = await idle(...queues, 'empty');
    for (const queue of queues) tasks.astir.add(queue);
    for (let round = 0; round < 40; round++) await sweep.look();
    beats();
    while (beats().length === 0) await sweep.look();
    tasks.news();
    for (let round = 1; round < rounds; round++) await sweep.look();
    expect(beats()).toEqual([]);
    await sweep.look();
    expect(beats()).toHaveLength(count);
    expect(tasks.count('quiet empty')).toBe(rounds);
  });

  it('looks again in the next round, and then less and less often', async () => {
    const queues = Array.from({ length: 20 }, (_, at) => `q${at}`);
    const { sweep, tasks, beats } = await idle(...queues);
    for (const queue of queues) tasks.astir.add(queue);
    const looked: number[] = [];
    for (let round = 0; round < 30; round++) {
      await sweep.look();
      if (beats().length === queues.length) looked.push(round);
    }
    expect(looked).toEqual([0, 1, 3, 7, 15, 25]);
  });

  it('leaves a consumer alone that works', async () => {
    const { sweep, tasks, benches, beats } = await idle('a', 'b');
    benches[0]?.broker.push({ kind: 'task', consumer: 'c1', task: task('x') });
    tasks.astir.add('a');
    await sweep.look();
    await sweep.rest();
    expect(tasks.news()).toEqual(['quiet b', 'rest c1 of b']);
    expect(beats()).toEqual([]);
    await benches[0]?.end('x');
  });

  it('looks into every queue when it can not ask about all', async () => {
    const { sweep, tasks, beats } = await idle('a', 'b');
    tasks.onQuiet = gone;
    await sweep.look();
    expect(beats()).toEqual(['a: beat c1 idle', 'b: beat c1 idle']);
    tasks.onQuiet = async () => true;
    tasks.news();
    await sweep.look();
    expect(tasks.news()).toEqual(['quiet a b']);
  });

  it('has nothing to ask about without queues', async () => {
    const { sweep, tasks } = await idle();
    await Promise.all([sweep.look(), sweep.rest()]);
    expect(tasks.news()).toEqual([]);
  });
});

describe('leases of idle consumers', () => {
  it('are extended together', async () => {
    const { sweep, tasks, beats } = await idle('a', 'b');
    await sweep.rest();
    expect(tasks.news()).toEqual(['rest c1 of a, c1 of b']);
    expect(beats()).toEqual([]);
  });

  it('are extended one by one when not all could be, or nobody knows', async () => {
    const { sweep, tasks, beats } = await idle('a', 'b');
    for (const answer of [async () => false, gone]) {
      tasks.onRest = answer;
      await sweep.rest();
      expect(beats()).toEqual(['a: beat c1 idle', 'b: beat c1 idle']);
    }
  });

  it('are extended by the sweep itself where it looks into a queue', async () => {
    const { sweep, tasks } = await idle('a', 'b');
    tasks.astir.add('a');
    await sweep.look();
    tasks.news();
    await sweep.rest();
    expect(tasks.news()).toEqual(['rest c1 of b']);
  });

  it('are not extended of one that is about to take a new name', async () => {
    const { sweep, tasks, benches } = await idle('a', 'b');
    const [bench] = benches;
    if (bench) bench.broker.onJoin = gone;
    bench?.broker.gap();
    await sweep.rest();
    expect(tasks.news()).toEqual(['rest c1 of b']);
    await bench?.consumer.stop();
  });
});
