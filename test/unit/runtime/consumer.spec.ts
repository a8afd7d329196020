import { describe, expect, it } from '@jest/globals';
import { ShutdownError } from '../../../lib/task/task.errors.js';
import type { Ack, Step } from '../../../lib/task/task.broker.js';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import { Deferred } from '../../support/deferred.js';
import { Bench, task } from './bench.js';
import { NOTHING, turns } from './scripted-broker.js';

const never = (): Promise<never> => new Promise(() => undefined);
const signalOfTest = (): AbortController => new AbortController();

describe('a consumer', () => {
  it('joins, asks for as many tasks as it has slots, and looks after what was kept', async () => {
    const { broker } = await new Bench(3).start();
    expect(broker.calls).toEqual(['join', 'tidy c1 [run]', 'step c1 [] 3']);
  });

  it('does not start when it can not join', async () => {
    const bench = new Bench();
    bench.broker.onJoin = () => Promise.reject(new EngineUnavailableError('gone'));
    await expect(bench.consumer.start(() => undefined)).rejects.toThrow('gone');
    await turns();
    expect(bench.broker.calls).toEqual(['join']);
  });

  it('acknowledges in one call whatever ended while the last call was under way', async () => {
    const bench = await new Bench().start('a', 'b', 'c');
    bench.news();
    const answer = new Deferred<Step>();
    bench.broker.onStep = () => answer.promise;
    await bench.end('a');
    await bench.end('b', 'c');
    expect(bench.news()).toEqual(['step c1 [a completed] 3']);
    answer.resolve(NOTHING);
    await turns();
    expect(bench.news()).toEqual(['step c1 [b completed,c completed] 3']);
    expect(bench.consumer.busy).toBe(false);
  });

  it('calls nothing while nothing happens', async () => {
    const bench = await new Bench().start('a');
    bench.news();
    await bench.clock.advance(3_600_000);
    expect(bench.news()).toEqual([]);
    expect(bench.clock.fired).toBe(0);
  });

  it('acknowledges at most 1,000 tasks in a call, and the others in the next', async () => {
    const ids = Array.from({ length: 2_500 }, (_, i) => `t${i}`);
    const bench = await new Bench(2_500).start(...ids);
    bench.broker.acks.length = 0;
    await bench.end(...ids);
    expect(bench.broker.acks.map((acks) => acks.length)).toEqual([1_000, 1_000, 500]);
    expect(bench.consumer.busy).toBe(false);
  });

  it('acknowledges few tasks in a call when their results are large', async () => {
    const bench = await new Bench().start('a', 'b', 'c');
    bench.broker.acks.length = 0;
    for (const id of ['a', 'b', 'c']) bench.run(id).resolve('x'.repeat(600_000));
    await turns();
    expect(bench.broker.acks.map((acks) => acks.map(({ id }) => id))).toEqual([['a'], ['b'], ['c']]);
  });

  it('says once that it is busy, and again after it was idle', async () => {
    const bench = await new Bench().start('a', 'b');
    expect(bench.busy).toBe(1);
    await bench.end('a', 'b');
    bench.broker.push({ kind: 'task', consumer: 'c1', task: task('c') });
    expect(bench.busy).toBe(2);
  });

  it('runs what it is handed without asking', async () => {
    const bench = await new Bench().start();
    bench.news();
    bench.broker.push({ kind: 'task', consumer: 'c1', task: task('a') });
    expect(bench.ran).toEqual(['a']);
    await turns();
    expect(bench.news()).toEqual([]);
  });

  it('ignores what was handed to a name of before', async () => {
    const bench = await new Bench().start();
    bench.broker.push({ kind: 'task', consumer: 'c0', task: task('a') });
    expect(bench.ran).toEqual([]);
    expect(bench.consumer.busy).toBe(false);
  });

  it('runs a task again that is handed to it before the answer to its last acknowledgement', async () => {
    const bench = await new Bench().start('a');
    const answer = new Deferred<Step>();
    bench.broker.onStep = () => answer.promise;
    bench.run('a').reject(new Error('once more'));
    await turns();
    bench.broker.push({ kind: 'task', consumer: 'c1', task: task('a', 'run', {}, 1) });
    bench.broker.onStep = async () => NOTHING;
    answer.resolve(NOTHING);
    await turns();
    expect(bench.consumer.busy).toBe(true);
    bench.news();
    await bench.end('a');
    expect(bench.news()).toEqual(['step c1 [a completed] 3']);
    expect(bench.consumer.busy).toBe(false);
  });

  it('lets the event loop turn between handlers that compute for long', async () => {
    const bench = new Bench();
    const seen: string[] = [];
    bench.begun = (id) => {
      bench.clock.jump(500);
      seen.push(id);
      setImmediate(() => seen.push('turn'));
    };
    await bench.start('a', 'b', 'c');
    expect(seen).toEqual(['a', 'turn', 'b', 'turn', 'c', 'turn']);
  });

  it('begins nothing that was given to others while it waited for its turn', async () => {
    const bench = new Bench(6);
    bench.begun = () => {
      bench.clock.jump(500);
      bench.broker.onJoin = async () => ({ consumer: 'c2', kept: ['a'] });
      queueMicrotask(() => bench.broker.gap());
    };
    await bench.start('a', 'b', 'c', 'd', 'e', 'f');
    expect(bench.broker.calls).toContain('join c1 [a,b,c,d,e,f]');
    expect(bench.ran).not.toContain('f');
  });
});

describe('the time at which a consumer looks again', () => {
  it('is when the engine says', async () => {
    const bench = new Bench();
    bench.broker.onStep = async () => ({ tasks: [], nextMs: 400 });
    await bench.start();
    bench.news();
    bench.broker.onStep = async () => NOTHING;
    await bench.clock.advance(399);
    expect(bench.news()).toEqual([]);
    await bench.clock.advance(1);
    await turns();
    expect(bench.news()).toEqual(['step c1 [] 3']);
  });

  it('moves forward when something falls due sooner, and never back', async () => {
    const bench = await new Bench().start();
    bench.news();
    for (const inMs of [500, 100, 900]) bench.broker.push({ kind: 'due', inMs });
    expect(bench.clock.pending).toBe(1);
    await bench.clock.advance(100);
    await turns();
    expect(bench.news()).toEqual(['step c1 [] 3']);
    await bench.clock.advance(10_000);
    expect(bench.news()).toEqual([]);
  });

  it('comes after a month, too', async () => {
    const bench = await new Bench().start();
    bench.news();
    bench.broker.push({ kind: 'due', inMs: 30 * 86_400_000 });
    await bench.clock.advance(30 * 86_400_000);
    await turns();
    expect(bench.news()).toHaveLength(1);
  });

  it('is right after the clock was set back', async () => {
    const bench = await new Bench().start();
    bench.broker.push({ kind: 'due', inMs: 1_000 });
    bench.clock.jump(-3_600_000);
    bench.news();
    bench.broker.push({ kind: 'due', inMs: 50 });
    await bench.clock.advance(50);
    await turns();
    expect(bench.news()).toHaveLength(1);
  });

  it('does not outlive the consumer', async () => {
    const bench = await new Bench().start();
    bench.broker.push({ kind: 'due', inMs: 1_000 });
    await bench.consumer.stop();
    bench.broker.push({ kind: 'due', inMs: 10 });
    expect(bench.clock.pending).toBe(0);
  });
});

describe('a consumer that drains', () => {
  it('claims no more, and is done when everything in hand is acknowledged', async () => {
    const bench = await new Bench().start('a', 'b');
    bench.news();
    let drained = false;
    const done = bench.consumer.drain(signalOfTest().signal).then(() => (drained = true));
    await bench.end('a');
    expect(drained).toBe(false);
    await bench.end('b');
    await done;
    expect(bench.news().filter((call) => !call.endsWith(' 0'))).toEqual([]);
    expect(bench.consumer.busy).toBe(false);
  });

  it('is done at once when it has nothing in hand', async () => {
    const bench = await new Bench().start();
    await bench.consumer.drain(signalOfTest().signal);
  });

  it('is done at the deadline, even one that is over already', async () => {
    const bench = await new Bench().start('a');
    await bench.consumer.drain(AbortSignal.abort());
    expect(bench.consumer.busy).toBe(true);
  });

  it('gives back what it is handed, at once and without an attempt counted', async () => {
    const bench = await new Bench().start('a');
    void bench.consumer.drain(signalOfTest().signal);
    await turns();
    bench.news();
    bench.broker.push({ kind: 'task', consumer: 'c1', task: task('b') });
    await turns();
    expect(bench.news()).toEqual(['join c1 [a]', 'step c2 [] 0']);
    expect(bench.ran).toEqual(['a']);
  });

  it('gives back what a call from before brings', async () => {
    const bench = await new Bench().start('a');
    const answer = new Deferred<Step>();
    bench.broker.onStep = () => answer.promise;
    bench.consumer.kick();
    await turns();
    void bench.consumer.drain(signalOfTest().signal);
    bench.broker.onStep = async () => NOTHING;
    bench.news();
    answer.resolve({ tasks: [task('b'), task('c')], nextMs: undefined });
    await turns();
    expect(bench.news()).toEqual(['join c1 [a]', 'step c2 [] 0']);
    expect(bench.ran).toEqual(['a']);
  });

  it('is done when another worker got what it had in hand', async () => {
    const bench = await new Bench().start('a');
    const done = bench.consumer.drain(signalOfTest().signal);
    bench.broker.onJoin = async () => ({ consumer: 'c2', kept: [] });
    bench.broker.gap();
    await done;
    expect(bench.run('a').context.signal.aborted).toBe(true);
  });
});

describe('a consumer that stops', () => {
  it('gives back what is in hand, and tells the handlers why', async () => {
    const bench = await new Bench().start('a');
    const { signal } = bench.run('a').context;
    bench.news();
    await bench.consumer.stop();
    expect(bench.news()).toEqual(['leave c1']);
    expect(signal.reason).toBeInstanceOf(ShutdownError);
  });

  it('does nothing any more, whatever comes', async () => {
    const bench = await new Bench().start('a');
    await bench.consumer.stop();
    bench.news();
    bench.broker.push({ kind: 'task', consumer: 'c1', task: task('b') });
    bench.broker.gap();
    bench.consumer.kick();
    await bench.consumer.beat();
    await bench.end('a');
    await bench.consumer.stop();
    expect(bench.news()).toEqual([]);
    expect(bench.ran).toEqual(['a']);
    expect(bench.clock.pending).toBe(0);
  });

  it('begins nothing that a call under way has claimed', async () => {
    const bench = new Bench();
    const answer = new Deferred<Step>();
    bench.broker.onStep = () => answer.promise;
    await bench.start();
    const stopped = bench.consumer.stop();
    answer.resolve({ tasks: [task('a')], nextMs: 5 });
    await stopped;
    expect(bench.ran).toEqual([]);
    expect(bench.broker.calls.at(-1)).toBe('leave c1');
    expect(bench.clock.pending).toBe(0);
  });

  it('signs off even when it is stopped while it starts', async () => {
    const bench = new Bench();
    const joined = new Deferred<{ consumer: string; kept: string[] }>();
    bench.broker.onJoin = () => joined.promise;
    const started = bench.consumer.start(() => undefined);
    await bench.consumer.stop();
    joined.resolve({ consumer: 'c1', kept: [] });
    await started;
    await turns();
    expect(bench.broker.calls).toEqual(['join', 'leave c1']);
  });

  it('stops before it was started', async () => {
    const bench = new Bench();
    await bench.consumer.stop();
    expect(bench.broker.calls).toEqual([]);
  });

  it('leaves under the name that it doubts when it has no other', async () => {
    const bench = await new Bench().start('a');
    bench.broker.onJoin = never;
    bench.broker.gap();
    const stopped = bench.consumer.stop();
    await stopped;
    expect(bench.broker.calls.at(-1)).toBe('leave c1');
  });

  it('does not wait out the pause after a failure', async () => {
    const bench = await new Bench().start('a');
    const acks: Ack[][] = bench.broker.acks;
    bench.broker.onStep = () => Promise.reject(new EngineUnavailableError('gone'));
    bench.broker.onJoin = () => Promise.reject(new EngineUnavailableError('gone'));
    await bench.end('a');
    expect(acks.at(-1)).toHaveLength(1);
    await bench.consumer.stop();
    expect(bench.clock.pending).toBe(0);
  });
});
