import { describe, expect, it } from '@jest/globals';
import type { Step } from '../../../lib/task/task.broker.js';
import { TaskCancelledError } from '../../../lib/task/task.errors.js';
import { Deferred } from '../../support/deferred.js';
import { Bench, task } from './bench.js';
import { NOTHING, turns } from './scripted-broker.js';

const cancel = (bench: Bench, id: string, consumer = 'c1'): void =>
  bench.broker.push({ kind: 'cancel', consumer, id });

describe('a running task that is cancelled', () => {
  it('is acknowledged at once, and its handler is told, though it goes on', async () => {
    const bench = await new Bench().start('a', 'b');
    const { signal } = bench.run('a').context;
    bench.news();
    cancel(bench, 'a');
    expect(signal.reason).toBeInstanceOf(TaskCancelledError);
    await turns();
    expect(bench.news()).toEqual(['step c1 [a cancelled] 3']);
    expect(bench.broker.acks.at(-1)).toMatchObject([
      { tries: 1, outcome: expect.stringContaining('DEPOT_TASK_CANCELLED') },
    ]);
    await bench.end('a');
    bench.run('b').reject(new Error('no'));
    await turns();
    expect(bench.news()).toEqual(['step c1 [b dead] 3']);
  });

  it('is told before it looks at its signal', async () => {
    const bench = await new Bench().start('a');
    cancel(bench, 'a');
    expect(bench.run('a').context.signal.reason).toBeInstanceOf(TaskCancelledError);
  });

  it('leaves no timer of its time-out', async () => {
    const bench = new Bench();
    bench.broker.claims([task('a', 'run', { timeoutMs: 5_000 })]);
    await bench.start();
    expect(bench.clock.pending).toBe(1);
    cancel(bench, 'a');
    await turns();
    expect(bench.clock.pending).toBe(0);
    expect(bench.broker.acks.at(-1)).toMatchObject([{ id: 'a', to: 'cancelled' }]);
  });

  it('makes nothing of being told again, or of what its handler throws on that', async () => {
    const bench = await new Bench().start('a');
    const run = bench.run('a');
    run.context.signal.addEventListener('abort', () => run.reject(new Error('aborted')));
    bench.news();
    for (let i = 0; i < 3; i++) cancel(bench, 'a');
    await turns();
    expect(bench.news()).toEqual(['step c1 [a cancelled] 3']);
    expect(bench.consumer.busy).toBe(false);
  });

  it('takes no notes any more', async () => {
    const bench = await new Bench().start('a');
    cancel(bench, 'a');
    await turns();
    bench.news();
    await bench.run('a').context.progress(1);
    expect(bench.news()).toEqual([]);
  });
});

describe('a task that is cancelled', () => {
  it('stays completed when it had ended before', async () => {
    const bench = await new Bench().start('a');
    const answer = new Deferred<Step>();
    bench.broker.onStep = () => answer.promise;
    bench.news();
    await bench.end('a');
    cancel(bench, 'a');
    bench.broker.onStep = async () => NOTHING;
    answer.resolve(NOTHING);
    await turns();
    expect(bench.news()).toEqual(['step c1 [a completed] 3']);
    expect(bench.run('a').context.signal.aborted).toBe(false);
  });

  it('does not run when it has not begun', async () => {
    const bench = new Bench();
    bench.begun = (id) => {
      if (id === 'a') cancel(bench, 'b');
    };
    await bench.start('a', 'b', 'c');
    expect(bench.ran).toEqual(['a', 'c']);
    expect(bench.broker.acks.at(-1)).toEqual([{ id: 'b', to: 'cancelled', outcome: '', tries: 0 }]);
  });

  it('does not run when that is heard of before the answer to the call that claims it', async () => {
    const bench = await new Bench().start();
    const answer = new Deferred<Step>();
    bench.broker.onStep = () => answer.promise;
    bench.consumer.kick();
    await turns();
    cancel(bench, 'b');
    bench.broker.onStep = async () => NOTHING;
    answer.resolve({ tasks: [task('a'), task('b')], nextMs: undefined });
    await turns();
    expect(bench.ran).toEqual(['a']);
    expect(bench.broker.calls.at(-1)).toBe('step c1 [b cancelled] 3');
    // It was that one only: under the same id another task may come later.
    bench.broker.push({ kind: 'task', consumer: 'c1', task: task('b') });
    expect(bench.ran).toEqual(['a', 'b']);
  });

  it('goes on when the cancelling was meant for a name of before', async () => {
    const bench = await new Bench().start('a');
    cancel(bench, 'a', 'c0');
    await turns();
    expect(bench.run('a').context.signal.aborted).toBe(false);
  });

  it('is not acknowledged by a consumer that has stopped', async () => {
    const bench = await new Bench().start('a');
    await bench.consumer.stop();
    bench.news();
    cancel(bench, 'a');
    await turns();
    expect(bench.news()).toEqual([]);
  });

  it('holds up no draining', async () => {
    const bench = await new Bench().start('a');
    const drained = bench.consumer.drain(new AbortController().signal);
    cancel(bench, 'a');
    await drained;
    expect(bench.broker.calls.at(-1)).toBe('step c1 [a cancelled] 0');
  });
});
