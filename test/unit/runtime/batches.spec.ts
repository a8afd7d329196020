import { describe, expect, it } from '@jest/globals';
import { BatchResult } from '../../../lib/task/batch.result.js';
import type { ClaimedTask } from '../../../lib/task/task.broker.js';
import type { BatchContext, TaskContext } from '../../../lib/task/task.context.js';
import { writeEnvelope, type TaskOverrides } from '../../../lib/task/task.envelope.js';
import {
  DiscardTask,
  LeaseLostError,
  RetryTask,
  ShutdownError,
  TaskCancelledError,
  TaskTimeoutError,
} from '../../../lib/task/task.errors.js';
import { readFailure, readOutcome } from '../../../lib/task/task.outcome.js';
import { DEFAULT_POLICY, type TaskPolicy } from '../../../lib/task/task.policy.js';
import { TaskCodec } from '../../../lib/task/task.codec.js';
import { Deferred } from '../../support/deferred.js';
import { Bench } from './bench.js';
import { NOTHING, turns } from './scripted-broker.js';

const item = (id: string, overrides: TaskOverrides = {}, tries = 0): ClaimedTask => ({
  id,
  envelope: writeEnvelope({ name: 'sum', enqueuedAt: 0, overrides, payload: JSON.stringify(id) }),
  tries,
});

interface Call extends Deferred<unknown> {
  readonly payload: unknown;
  readonly context: BatchContext;
}

/** A consumer with a batch handler `sum` beside the plain `run`; the test ends its calls. */
function batching({
  size = 3,
  waitMs = 100,
  slots = 3,
  policy = {},
}: { size?: number; waitMs?: number; slots?: number; policy?: Partial<TaskPolicy> } = {}) {
  const calls: Call[] = [];
  const bench = new Bench(slots, {
    sum: {
      batch: { size, waitMs },
      policy: { ...DEFAULT_POLICY, ...policy },
      run: (payload: unknown, context: TaskContext) => {
        const call = Object.assign(new Deferred<unknown>(), { payload, context: context as BatchContext });
        calls.push(call);
        return call.promise;
      },
    },
  });
  return {
    bench,
    calls,
    /** Starts it with these in hand. */
    async start(...tasks: readonly ClaimedTask[]) {
      bench.broker.claims(tasks);
      await bench.start();
      bench.news();
      return this;
    },
    call(index = 0): Call {
      const call = calls[index];
      if (!call) throw new Error(`there was no call ${index}`);
      return call;
    },
    /** What was acknowledged since the last time. */
    acks: () =>
      bench.broker.acks
        .splice(0)
        .flat()
        .map(({ id, to }) => `${id} ${to}`),
    cancel: (id: string) => bench.broker.push({ kind: 'cancel', consumer: 'c1', id }),
  };
}

const abc = ['a', 'b', 'c'].map((id) => item(id));

describe('a batch', () => {
  it('begins when it is full', async () => {
    const { calls, call, bench } = await batching().start(...abc);
    expect(call().payload).toEqual(['a', 'b', 'c']);
    expect(calls).toHaveLength(1);
    expect(bench.clock.pending).toBe(0);
  });

  it('begins some time after its first task, with what is there', async () => {
    const { bench, calls, call } = await batching().start(item('a'));
    await bench.clock.advance(60);
    bench.broker.claims([item('b')]);
    bench.broker.push({ kind: 'due', inMs: 0 });
    await bench.clock.advance(39);
    expect(calls).toEqual([]);
    await bench.clock.advance(1);
    expect(call().payload).toEqual(['a', 'b']);
  });

  it('has one context, and one for each of its tasks', async () => {
    const { call } = await batching({ policy: { attempts: 4 } }).start(
      item('a'),
      item('b', {}, 2),
      item('c'),
    );
    const { context } = call();
    expect(context).toMatchObject({ id: 'a+2', name: 'sum', queue: 'work', attempt: 3, attempts: 4 });
    expect(context.items.map(({ id, payload, attempt }) => ({ id, payload, attempt }))).toEqual([
      { id: 'a', payload: 'a', attempt: 1 },
      { id: 'b', payload: 'b', attempt: 3 },
      { id: 'c', payload: 'c', attempt: 1 },
    ]);
  });

  it('tells progress and log of all of its tasks, or of one', async () => {
    const { bench, call } = await batching().start(...abc);
    const { context } = call();
    await context.progress(1);
    await context.items[1]?.progress(2);
    await context.log('x');
    const notes = bench.news().filter((each) => each.startsWith('note'));
    expect(notes.map((each) => each.split(' ').slice(2, 4).join(' '))).toEqual([
      'a progress',
      'b progress',
      'c progress',
      'b progress',
      'a log',
      'b log',
      'c log',
    ]);
  });

  it('leaves out what can not be read', async () => {
    const broken = { id: 'x', envelope: '1sum\n0\n\n{"a":', tries: 0 };
    const { bench, call, acks } = await batching().start(item('a'), broken, item('b'));
    expect(acks()).toEqual(['x dead']);
    await bench.clock.advance(100);
    expect(call().payload).toEqual(['a', 'b']);
  });

  it('leaves out what is past its deadline when it begins', async () => {
    const { call, acks } = await batching().start(item('a'), item('b', { deadlineMs: 5 }), item('c'));
    expect(call().payload).toEqual(['a', 'c']);
    await turns();
    expect(acks()).toEqual(['b dead']);
  });

  it('is not called at all when nothing is left of it', async () => {
    const late = ['a', 'b', 'c'].map((id) => item(id, { deadlineMs: 5 }));
    const { calls, acks, bench } = await batching().start(...late);
    expect(acks()).toEqual(['a dead', 'b dead', 'c dead']);
    expect(calls).toEqual([]);
    bench.consumer.kick();
    await turns();
    expect(bench.news()).toEqual(['step c1 [] 2 of 2: sum 3 apart']);
  });
});

describe('what a batch handler returns', () => {
  it.each<[string, unknown, string[], unknown[]]>([
    ['one result for all', 7, ['completed', 'completed', 'completed'], [7, 7, 7]],
    ['nothing', undefined, ['completed', 'completed', 'completed'], [undefined, undefined, undefined]],
    ['a result for each', [1, 2, 3], ['completed', 'completed', 'completed'], [1, 2, 3]],
    ['an array of another length', [1], ['completed', 'completed', 'completed'], [[1], [1], [1]]],
    ['an error among results', [1, new Error('no'), 3], ['completed', 'dead', 'completed'], [1, 'no', 3]],
    [
      'a BatchResult',
      new BatchResult().complete(0, 1).fail('b', new Error('no')),
      ['completed', 'dead', 'completed'],
      [1, 'no', undefined],
    ],
    [
      'what was said last',
      new BatchResult().fail(1, new Error('no')).complete('b', 2),
      ['completed', 'completed', 'completed'],
      [undefined, 2, undefined],
    ],
    [
      'settled promises',
      BatchResult.settled([
        { status: 'fulfilled', value: 1 },
        { status: 'rejected', reason: new Error('no') },
      ]),
      ['completed', 'dead', 'completed'],
      [1, 'no', undefined],
    ],
  ])('may be %s', async (_what, returned, states, bodies) => {
    const { bench, call } = await batching().start(...abc);
    call().resolve(returned);
    await turns();
    const acks = bench.broker.acks.flat();
    expect(acks.map(({ to }) => to)).toEqual(states);
    expect(
      acks.map(({ to, outcome }) => {
        const { body } = readOutcome(outcome);
        return to === 'dead'
          ? readFailure(body, TaskCodec.plain).message
          : TaskCodec.plain.decode(body, 'result');
      }),
    ).toEqual(bodies);
  });

  it.each([[new BatchResult().fail('x', new Error('no'))], [new BatchResult().complete(3)]])(
    'fails all when it mentions a task that is not there',
    async (returned) => {
      const { bench, call, acks } = await batching().start(...abc);
      call().resolve(returned);
      await turns();
      expect(bench.broker.acks.at(-1)?.[0]?.outcome).toContain('DEPOT_BATCH_RESULT');
      expect(acks()).toEqual(['a dead', 'b dead', 'c dead']);
    },
  );

  it.each([['rejects'], ['throws']])('does not matter when it %s: all have failed', async (how) => {
    const bench = new Bench(3, {
      sum: {
        batch: { size: 3, waitMs: 100 },
        run: () => {
          if (how === 'throws') throw new Error('at once');
          return Promise.reject(new Error('later'));
        },
      },
    });
    bench.broker.claims(abc);
    await bench.start();
    expect(bench.broker.acks.flat().map(({ to }) => to)).toEqual(['dead', 'dead', 'dead']);
  });

  it('is for each of them by its own attempts', async () => {
    const tasks = [item('a'), item('b', {}, 2), item('c', { attempts: 1 }), item('d'), item('e')];
    const { bench, call } = await batching({ size: 5, policy: { attempts: 3 } }).start(...tasks);
    const no = new Error('no');
    call().resolve([no, no, no, new RetryTask('7s', { count: false }), new DiscardTask('never')]);
    await turns();
    expect(bench.broker.acks.flat().map(({ id, to, tries }) => `${id} ${to} ${tries}`)).toEqual([
      'a retry 1',
      'b dead 3',
      'c dead 1',
      'd retry 0',
      'e dead 1',
    ]);
  });
});

describe('the time of a batch', () => {
  it('is that of the call', async () => {
    const { bench, call, acks } = await batching({ policy: { timeoutMs: 1_000, attempts: 2 } }).start(...abc);
    const { signal } = call().context;
    await bench.clock.advance(1_000);
    expect(signal.reason).toBeInstanceOf(TaskTimeoutError);
    expect(acks()).toEqual(['a retry', 'b retry', 'c retry']);
    call().resolve(undefined);
    await turns();
    expect(acks()).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });

  it('leaves no timer when it ends in time', async () => {
    const { bench, call, acks } = await batching({ policy: { timeoutMs: 1_000 } }).start(...abc);
    call().resolve(undefined);
    await turns();
    expect(acks()).toEqual(['a completed', 'b completed', 'c completed']);
    expect(bench.clock.pending).toBe(0);
  });

  it('is over sooner for a task that says so, and the others go on', async () => {
    const tasks = [item('a'), item('b', { timeoutMs: 50 }), item('c', { timeoutMs: 80 })];
    const { bench, call, acks } = await batching().start(...tasks);
    const { signal, items } = call().context;
    await bench.clock.advance(50);
    expect(acks()).toEqual(['b dead']);
    await bench.clock.advance(30);
    expect(acks()).toEqual(['c dead']);
    expect(items.map(({ signal: of }) => of.aborted)).toEqual([false, true, true]);
    expect(signal.aborted).toBe(false);
    call().resolve(undefined);
    await turns();
    expect(acks()).toEqual(['a completed']);
    expect(bench.clock.pending).toBe(0);
  });
});

describe('cancelling a task of a batch', () => {
  it('ends that one, and the others go on', async () => {
    const { call, acks, cancel } = await batching().start(...abc);
    const { context } = call();
    cancel('b');
    await turns();
    expect(acks()).toEqual(['b cancelled']);
    expect(context.items[1]?.signal.reason).toBeInstanceOf(TaskCancelledError);
    expect(context.signal.aborted).toBe(false);
    call().resolve([1, 2, 3]);
    await turns();
    expect(acks()).toEqual(['a completed', 'c completed']);
  });

  it('stops the call with the last of them, and frees its slot', async () => {
    const { bench, call, cancel } = await batching({ slots: 1 }).start(...abc);
    const { signal } = call().context;
    for (const id of ['a', 'b', 'c']) cancel(id);
    expect(signal.reason).toBeInstanceOf(TaskCancelledError);
    await turns();
    expect(bench.broker.calls.filter((each) => each.includes('c cancelled'))).toHaveLength(1);
    bench.broker.claims([item('d'), item('e'), item('f')]);
    bench.broker.push({ kind: 'due', inMs: 0 });
    await turns();
    expect(call(1).payload).toEqual(['d', 'e', 'f']);
  });

  it('takes it out while it is being gathered for', async () => {
    const { bench, call, acks, cancel } = await batching().start(item('a'), item('b'));
    cancel('a');
    await turns();
    expect(acks()).toEqual(['a cancelled']);
    await bench.clock.advance(100);
    expect(call().payload).toEqual(['b']);
  });

  it('gives the slot back when it was the only one', async () => {
    const { bench, calls, cancel } = await batching().start(item('a'));
    cancel('a');
    await turns();
    expect(bench.clock.pending).toBe(0);
    expect(bench.broker.calls.at(-1)).toBe('step c1 [a cancelled] 2 of 2: sum 3 apart');
    expect(calls).toEqual([]);
    expect(bench.consumer.busy).toBe(false);
  });
});

describe('a consumer with a batch', () => {
  it('gives back what it gathers when it drains, and lets what runs end', async () => {
    const { bench, calls, call } = await batching().start(...abc, item('d'));
    const drained = bench.consumer.drain(new AbortController().signal);
    await turns();
    expect(bench.news()).toEqual(['join c1 [a,b,c]', 'step c2 [] 0']);
    call().resolve(undefined);
    await drained;
    expect(bench.news()).toEqual(['step c2 [a completed,b completed,c completed] 0']);
    expect(calls).toHaveLength(1);
    expect(bench.clock.pending).toBe(0);
  });

  it('gives back what it gathers by signing off when it runs nothing', async () => {
    const { bench, calls } = await batching().start(item('a'));
    await bench.consumer.drain(new AbortController().signal);
    await bench.consumer.stop();
    expect(bench.news().at(-1)).toBe('leave c1');
    await bench.clock.advance(1_000);
    expect(calls).toEqual([]);
  });

  it('tells the handler why when it stops, and begins nothing after that', async () => {
    const { bench, calls, call } = await batching().start(...abc, item('d'));
    const { signal } = call().context;
    await bench.consumer.stop();
    expect(signal.reason).toBeInstanceOf(ShutdownError);
    expect(bench.clock.pending).toBe(0);
    await bench.clock.advance(1_000);
    expect(calls).toHaveLength(1);
    expect(bench.news()).toEqual(['leave c1']);
  });

  it('goes on without what was given to another worker', async () => {
    const { bench, call, acks } = await batching().start(...abc, item('d'), item('e'));
    const { context } = call();
    bench.broker.onJoin = async () => ({ consumer: 'c2', kept: ['a', 'e'] });
    bench.broker.gap();
    await turns();
    expect(context.items.map(({ signal }) => signal.aborted)).toEqual([false, true, true]);
    expect(context.items[1]?.signal.reason).toBeInstanceOf(LeaseLostError);
    await bench.clock.advance(100);
    expect(call(1).payload).toEqual(['e']);
    call().resolve(undefined);
    call(1).resolve(undefined);
    await turns();
    expect(acks().sort()).toEqual(['a completed', 'e completed']);
    expect(bench.consumer.busy).toBe(false);
  });

  it('stops a call of which everything was given to another worker', async () => {
    const { bench, call } = await batching({ slots: 1 }).start(...abc);
    const { signal } = call().context;
    bench.broker.onJoin = async () => ({ consumer: 'c2', kept: [] });
    bench.broker.gap();
    await turns();
    expect(signal.reason).toBeInstanceOf(LeaseLostError);
    expect(bench.consumer.busy).toBe(false);
    bench.broker.onStep = async () => NOTHING;
    bench.news();
    bench.consumer.kick();
    await turns();
    // One slot is free; the handlers take turns at it.
    expect(bench.news().sort()).toEqual(['step c2 [] 0 of 0: sum 3 apart', 'step c2 [] 1 of 1: sum 0 apart']);
  });
});
