import { describe, expect, it } from '@jest/globals';
import { Executor } from '../../../lib/task/runtime/executor.js';
import { RunningTask } from '../../../lib/task/runtime/running-task.js';
import type { TaskHandler } from '../../../lib/task/runtime/task.handler.js';
import { PayloadKeyError, TaskCodec } from '../../../lib/task/task.codec.js';
import type { Ack, ClaimedTask } from '../../../lib/task/task.broker.js';
import {
  DiscardTask,
  RetryTask,
  TaskDeadlineError,
  TaskTimeoutError,
} from '../../../lib/task/task.errors.js';
import { readFailure, readOutcome } from '../../../lib/task/task.outcome.js';
import { writeEnvelope, type TaskOverrides } from '../../../lib/task/task.envelope.js';
import { DEFAULT_POLICY, type TaskPolicy } from '../../../lib/task/task.policy.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { task } from './bench.js';
import { turns } from './scripted-broker.js';

function executorOf(run: TaskHandler['run'], policy: Partial<TaskPolicy> = {}, time = new ManualClock()) {
  const logger = new RecordingLogger();
  const handler: TaskHandler = { name: 'run', policy: { ...DEFAULT_POLICY, ...policy }, run };
  const notes: string[] = [];
  const around = { queue: 'work', clock: time, codec: TaskCodec.plain, maxPayloadBytes: 100 };
  const executor = new Executor([['run', handler]], logger, around);
  /** The attempt under way, if it could begin, and what it ends in. */
  const attempt = (claimed: ClaimedTask) => {
    const prepared = executor.prepare(claimed, async (_id, kind, text) => {
      notes.push(`${kind} ${text}`);
    });
    return prepared instanceof RunningTask
      ? { running: prepared, ended: new Promise<Ack>((end) => executor.run(prepared, time.now(), end)) }
      : { running: undefined, ended: Promise.resolve(prepared) };
  };
  const start = (overrides: TaskOverrides = {}, tries = 0, name = 'run') =>
    attempt(task('a', name, overrides, tries));
  return { executor, around, logger, notes, start, attempt };
}

const NO_PAUSE = { type: 'fixed', delayMs: 0, maxMs: 1e9, jitter: 0 } as const;

/** Anything can be thrown. */
// eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
const rejection = (reason: unknown): Promise<never> => Promise.reject(reason);

const failureOf = (ack: Ack) => readFailure(readOutcome(ack.outcome).body, TaskCodec.plain);

describe('whatever a handler does', () => {
  const oddities: Record<string, () => unknown> = {
    'throws before it waits': () => {
      throw new Error('at once');
    },
    'rejects with nothing': () => rejection(undefined),
    'rejects with null': () => rejection(null),
    'rejects with text': () => rejection('text'),
    'rejects with a symbol': () => rejection(Symbol('odd')),
    'rejects with an object without prototype': () => rejection(Object.create(null)),
    'rejects with an error whose message is no text': () =>
      Promise.reject(Object.assign(new Error(), { message: { a: 1 } })),
    'rejects with an error whose stack is a list': () =>
      Promise.reject(Object.assign(new Error('x'), { stack: [{}] })),
    'rejects with an error whose name is a function': () =>
      Promise.reject(Object.assign(new Error('x'), { name: () => 'x' })),
    'rejects with an error that can not be read': () =>
      Promise.reject(
        Object.defineProperty(new Error('x'), 'message', {
          get() {
            throw new Error('never');
          },
        }),
      ),
    'returns a thenable that throws': () => ({
      then(): never {
        throw new Error('odd');
      },
    }),
    'returns a thenable that rejects': () => ({
      then(_resolve: unknown, reject: (error: unknown) => void) {
        reject(new Error('odd'));
      },
    }),
  };

  it.each(Object.keys(oddities))('a failure is a failure when it %s', async (name) => {
    for (const policy of [{}, { timeoutMs: 50 }]) {
      const { start } = executorOf(() => oddities[name]?.(), { attempts: 2, ...policy });
      const ack = await start().ended;
      expect(ack).toMatchObject({ id: 'a', to: 'retry', tries: 1 });
      expect(failureOf(ack)).toEqual(
        expect.objectContaining({ name: expect.any(String), message: expect.any(String) }),
      );
    }
  });

  it('gives the result of a thenable', async () => {
    const thenable = { then: (resolve: (value: number) => void) => resolve(5) };
    const ack = await executorOf(() => thenable).start().ended;
    expect(ack).toMatchObject({ to: 'completed' });
    expect(readOutcome(ack.outcome).body).toBe('5');
  });

  it('is not run again when only its result can not be kept', async () => {
    for (const result of [() => 1, 'x'.repeat(101)]) {
      const ack = await executorOf(() => result, { attempts: 5 }).start().ended;
      expect(ack).toMatchObject({ to: 'dead', tries: 1 });
      expect(failureOf(ack).code).toBe('DEPOT_PAYLOAD');
    }
  });
});

describe('attempts', () => {
  it('are used up one by one, and the last failure is the death', async () => {
    const { start } = executorOf(() => Promise.reject(new Error('no')), { attempts: 3 });
    expect(await start({}, 0).ended).toMatchObject({ to: 'retry', tries: 1 });
    expect(await start({}, 1).ended).toMatchObject({ to: 'retry', tries: 2 });
    expect(await start({}, 2).ended).toMatchObject({ to: 'dead', tries: 3 });
  });

  it('of the task go before those of the handler', async () => {
    const { start } = executorOf(() => Promise.reject(new Error('no')), { attempts: 3 });
    expect(await start({ attempts: 1 }).ended).toMatchObject({ to: 'dead' });
  });

  it('are not counted when the handler says so, however often', async () => {
    const { start } = executorOf(() => Promise.reject(new RetryTask('2s', { count: false })), {
      attempts: 1,
    });
    expect(await start({}, 7).ended).toMatchObject({ to: 'retry', tries: 7, delayMs: 2_000 });
  });

  it('end at once when the handler discards the task', async () => {
    const { start } = executorOf(() => Promise.reject(new DiscardTask('no use')), { attempts: 9 });
    expect(await start().ended).toMatchObject({ to: 'dead', tries: 1 });
  });
});

describe('a time-out', () => {
  it('ends an attempt whose handler never ends, and leaves no timer', async () => {
    const time = new ManualClock();
    const { start } = executorOf(() => new Promise(() => undefined), { timeoutMs: 100, attempts: 2 }, time);
    const { running, ended } = start();
    const { signal } = running ?? { signal: AbortSignal.abort() };
    await time.advance(100);
    expect(await ended).toMatchObject({ to: 'retry', tries: 1 });
    expect(signal.reason).toBeInstanceOf(TaskTimeoutError);
    expect(time.pending).toBe(0);
  });

  const endings: readonly (readonly [how: string, run: () => unknown])[] = [
    ['returns', () => 1],
    ['resolves', async () => 1],
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
  ];
  it.each(endings)('leaves no timer behind a handler that %s', async (_how, run) => {
    const time = new ManualClock();
    await executorOf(run, { timeoutMs: 100 }, time).start().ended;
    expect(time.pending).toBe(0);
  });

  it('makes nothing of what the handler throws afterwards', async () => {
    const time = new ManualClock();
    let fail = (_error: Error): void => undefined;
    const { start } = executorOf(
      () => new Promise((_, reject) => (fail = reject)),
      { timeoutMs: 10, attempts: 2 },
      time,
    );
    const { ended } = start();
    await time.advance(10);
    fail(new Error('late'));
    await turns();
    expect(failureOf(await ended).code).toBe('DEPOT_TASK_TIMEOUT');
  });
});

describe('a deadline', () => {
  const never = () => new Promise(() => undefined);
  /** Time passes on a clock that begins when the task was added. */
  const since1970 = (ms: number): ManualClock => new ManualClock(ms);

  it('ends a running attempt, which is not tried again, and leaves no timer', async () => {
    const time = since1970(400);
    const { start } = executorOf(never, { attempts: 5, deadlineMs: 1_000 }, time);
    const { running, ended } = start();
    const signal = running?.signal;
    await time.advance(599);
    expect(signal?.aborted).toBe(false);
    await time.advance(1);
    expect(signal?.reason).toBeInstanceOf(TaskDeadlineError);
    const ack = await ended;
    expect(ack).toMatchObject({ to: 'dead', tries: 1 });
    expect(failureOf(ack)).toMatchObject({ name: 'TaskDeadlineError', code: 'DEPOT_TASK_DEADLINE' });
    expect(failureOf(ack).message).toBe("the deadline of 1000 ms is over for task 'run' (a) of queue 'work'");
    expect(time.pending).toBe(0);
  });

  it.each([
    [300, 'DEPOT_TASK_TIMEOUT', 'retry'],
    [900, 'DEPOT_TASK_DEADLINE', 'dead'],
  ])('with a time-out of %i ms: whichever comes first', async (timeoutMs, code, to) => {
    const time = since1970(400);
    const policy = { attempts: 5, deadlineMs: 1_000, timeoutMs, backoff: NO_PAUSE };
    const { ended } = executorOf(never, policy, time).start();
    await time.advance(600);
    expect(time.pending).toBe(0);
    const ack = await ended;
    expect(ack.to).toBe(to);
    expect(failureOf(ack).code).toBe(code);
  });

  it('that is over has the task dead without a call of its handler, and without an attempt', async () => {
    let calls = 0;
    const { start } = executorOf(() => calls++, { deadlineMs: 1_000 }, since1970(1_000));
    const ack = await start({}, 2).ended;
    expect(ack).toMatchObject({ to: 'dead', tries: 2 });
    expect(failureOf(ack).code).toBe('DEPOT_TASK_DEADLINE');
    expect(calls).toBe(0);
  });

  it('counts from when the task was to run, and what the task says goes first', async () => {
    const { attempt } = executorOf(() => 1, { deadlineMs: 1 }, since1970(5_999));
    const envelope = writeEnvelope({
      name: 'run',
      enqueuedAt: 0,
      delayMs: 5_000,
      overrides: { deadlineMs: 1_000 },
      payload: '',
    });
    expect(await attempt({ id: 'a', envelope, tries: 0 }).ended).toMatchObject({ to: 'completed' });
    const { attempt: later } = executorOf(() => 1, { deadlineMs: 1 }, since1970(6_000));
    expect(await later({ id: 'a', envelope, tries: 0 }).ended).toMatchObject({ to: 'dead' });
  });

  it.each([
    [599, 'retry'],
    [600, 'dead'],
  ])('that comes before the next attempt, in %i ms, leaves nothing to wait for', async (delayMs, to) => {
    const backoff = { ...NO_PAUSE, delayMs };
    const policy = { attempts: 5, deadlineMs: 1_000, backoff };
    const ack = await executorOf(() => rejection(new Error('mail server')), policy, since1970(400)).start()
      .ended;
    expect(ack.to).toBe(to);
    if (to === 'retry') return;
    const { message, stack, code } = failureOf(ack);
    expect(code).toBe('DEPOT_TASK_DEADLINE');
    expect(message).toContain('deadline of 1000 ms');
    expect(message).toContain('mail server');
    expect(stack).toContain('executor.spec');
  });

  it('bounds an attempt that asked not to be counted, too', async () => {
    const thrown = new RetryTask('1h', { count: false });
    const { start } = executorOf(() => rejection(thrown), { deadlineMs: 1_000 }, since1970(0));
    expect(await start({}, 3).ended).toMatchObject({ to: 'dead', tries: 3 });
  });

  it('of another task, that a handler came across, is an error like any other', async () => {
    const { start } = executorOf(
      () => rejection(new TaskDeadlineError('other', 5)),
      {
        attempts: 2,
        deadlineMs: 1_000_000,
      },
      since1970(0),
    );
    expect(await start().ended).toMatchObject({ to: 'retry' });
  });
});

describe('a result', () => {
  it('can be asked for as long as the task says', async () => {
    const { start } = executorOf(() => 1);
    expect(await start({ keepResultMs: 5_000 }).ended).toMatchObject({ to: 'completed', keepMs: 5_000 });
    expect(await start({ keepResultMs: 0 }).ended).toMatchObject({ keepMs: 0 });
    expect(await start().ended).not.toHaveProperty('keepMs');
  });
});

describe('the context of an attempt', () => {
  it('has a signal that was aborted before somebody looked at it', async () => {
    const { start } = executorOf(() => new Promise(() => undefined));
    const { running } = start();
    running?.abort(new Error('over'));
    running?.abort(new Error('over again'));
    expect(running?.signal.reason).toMatchObject({ message: 'over' });
  });

  it('takes no notes once the attempt is over', async () => {
    const { start, notes } = executorOf(() => new Promise(() => undefined));
    const { running } = start();
    await running?.progress(1);
    running?.abort(new Error('over'));
    await running?.progress(2);
    await running?.log('late');
    expect(notes).toEqual(['progress 1']);
  });

  it('refuses progress that is larger than a payload may be, and cuts a long line', async () => {
    const { start, notes } = executorOf(() => new Promise(() => undefined));
    const { running } = start();
    expect(() => running?.progress('x'.repeat(200))).toThrow(/at most 100/);
    await running?.log('x'.repeat(1_000_000));
    expect(notes[0]?.length).toBeLessThan(20_000);
  });
});

describe('a task that can not be run here', () => {
  it('is parked without an attempt when nobody has its name, and that is told once', async () => {
    const { start, logger } = executorOf(() => 1);
    for (let i = 0; i < 3; i++) {
      expect(await start({}, 2, 'later').ended).toMatchObject({ to: 'parked', tries: 2 });
    }
    expect(logger.warnings).toHaveLength(1);
  });

  it('is parked when its record is no envelope', async () => {
    const { ended } = executorOf(() => 1).attempt({ id: 'a', envelope: 'what?', tries: 0 });
    expect(await ended).toMatchObject({ to: 'parked', tries: 0 });
  });

  it('is dead when its record is of this version, and broken', async () => {
    const { ended } = executorOf(() => 1).attempt({ id: 'a', envelope: '1run\n', tries: 0 });
    expect(await ended).toMatchObject({ to: 'dead', tries: 0 });
  });

  it('is dead when its payload can not be read', async () => {
    const { ended } = executorOf(() => 1).attempt({ id: 'a', envelope: '1run\n0\n\n{"a":', tries: 0 });
    expect(await ended).toMatchObject({ to: 'dead', tries: 0 });
  });

  it('is parked when its payload needs a key that this process does not have, and that is told once', async () => {
    const { around, logger, start } = executorOf(() => 1);
    Object.assign(around, {
      codec: {
        encode: TaskCodec.plain.encode.bind(TaskCodec.plain),
        decode: () => {
          throw new PayloadKeyError('no key k2');
        },
      },
    });
    for (let i = 0; i < 3; i++) expect(await start({}, 2).ended).toMatchObject({ to: 'parked', tries: 2 });
    expect(logger.warnings).toEqual([expect.stringContaining('no key k2')]);
  });
});

describe('a codec that fails', () => {
  it('has the task dead with a plain error that tells nothing of the values', async () => {
    const { around, start } = executorOf(() => Promise.reject(new Error('secret')));
    const encode = (): never => {
      throw new Error('no encryption today');
    };
    Object.assign(around, { codec: { encode, decode: () => undefined } });
    const ack = await start().ended;
    expect(ack.to).toBe('dead');
    expect(ack.outcome).toContain('could not be encoded');
    expect(ack.outcome).not.toContain('secret');
  });
});
