import { describe, expect, it } from '@jest/globals';
import type { AddOptions } from '../../../lib/task/add.options.js';
import { newTask, type TaskMaker } from '../../../lib/task/new-task.js';
import { readEnvelope } from '../../../lib/task/task.envelope.js';
import { TaskCodec } from '../../../lib/task/task.codec.js';
import { ManualClock } from '../../support/manual-clock.js';

const clock = new ManualClock();
const maker: TaskMaker = { queue: 'work', clock, codec: TaskCodec.plain, maxPayloadBytes: 1_000 };
const made = (options: unknown, payload: unknown = { user: { id: 7 } }) =>
  newTask('run', payload, options as AddOptions, maker);

describe('a new task', () => {
  it('is an id and an envelope when nothing is asked for', () => {
    expect(made({})).toEqual({ id: expect.stringMatching(/^[\w-]{14}$/), envelope: expect.any(String) });
  });

  it('tells the engine what it has to know', () => {
    const task = made({
      id: 'mine',
      priority: 9,
      group: 'acme',
      expiresIn: '1m',
      delay: '1s',
      unique: { key: 'k', mode: 'debounce', ttl: '5s', maxWait: '1m' },
    });
    expect(task).toMatchObject({
      id: 'mine',
      priority: 9,
      group: 'acme',
      expiresInMs: 60_000,
      due: { inMs: 1_000 },
      unique: { key: 'k', mode: 'debounce', ttlMs: 5_000, maxWaitMs: 60_000 },
    });
    expect(readEnvelope(task.envelope).delayMs).toBe(1_000);
  });

  it('tells its worker the rest', () => {
    const { envelope } = made({ attempts: 3, deadline: '1h', keepResult: '2h', tags: ['a', 'b'] });
    expect(readEnvelope(envelope).overrides).toEqual({
      attempts: 3,
      deadlineMs: 3_600_000,
      keepResultMs: 7_200_000,
      tags: ['a', 'b'],
    });
  });

  it('falls due so long after now when it is to run at a time', () => {
    const { due, envelope } = made({ runAt: new Date(clock.now() + 5_000) });
    expect(due).toEqual({ atMs: clock.now() + 5_000 });
    expect(readEnvelope(envelope)).toMatchObject({ enqueuedAt: clock.now(), delayMs: 5_000 });
    expect(readEnvelope(made({ runAt: new Date(0) }).envelope).delayMs).toBe(0);
  });

  it.each([
    [undefined, undefined],
    [true, undefined],
    [false, 0],
    [0, 0],
    ['1m', 60_000],
  ])('with keepResult %j says %j to its worker', (keepResult, kept) => {
    expect(readEnvelope(made({ keepResult }).envelope).overrides.keepResultMs).toBe(kept);
  });

  it('has a unique key that its payload makes, and rejects others by default', () => {
    const key = ({ user }: { user: { id: number } }) => `user:${user.id}`;
    expect(made({ unique: { key } }).unique).toEqual({ key: 'user:7', mode: 'reject' });
  });
});

describe('the version of an envelope', () => {
  it.each<[string, AddOptions]>([
    ['nothing', {}],
    ['what was known before', { attempts: 2, backoff: 1, timeout: 1, delay: 1, id: 'x' }],
    ['tags, which no worker looks at', { tags: ['a'] }],
    ['the priority of everybody', { priority: 5 }],
    ['what the queue keeps anyway', { keepResult: true }],
  ])('is the first with %s, so that workers of before run it', (_, options) => {
    expect(made(options).envelope).toMatch(/^1run\n/);
  });

  it.each<AddOptions>([
    { priority: 4 },
    { group: 'a' },
    { expiresIn: '1s' },
    { unique: { key: 'k' } },
    { deadline: '1s' },
    { keepResult: false },
    { keepResult: '1m' },
  ])('is the second with %j, which they would not heed', (options) => {
    expect(made(options).envelope).toMatch(/^2run\n/);
  });

  it('is the second when they could not read the payload', () => {
    const codec = Object.assign(new TaskCodec(), { needsNewReader: (text: string) => text === '7' });
    const written = (payload: unknown) => newTask('run', payload, {}, { ...maker, codec }).envelope;
    expect(written(7)).toMatch(/^2run\n/);
    expect(written(8)).toMatch(/^1run\n/);
  });
});

describe('an option of a task', () => {
  const WORK = "of task 'run' of queue 'work'";

  it.each<[unknown, string]>([
    [{ priority: 10 }, `priority ${WORK} is 10; expected a whole number from 0 to 9`],
    [{ priority: 1.5 }, `priority ${WORK} is 1.5; expected a whole number`],
    [{ priority: 'high' }, `priority ${WORK} is "high"; expected a whole number`],
    [{ group: '' }, `group ${WORK} is ""; expected 1 to 256 characters without control characters`],
    [{ group: 'x'.repeat(257) }, `group ${WORK} is "xxx`],
    [{ group: 'a\nb' }, `group ${WORK} is "a\\nb"; expected`],
    [{ group: 7 }, `group ${WORK} is 7; expected`],
    [{ expiresIn: 0 }, `expiresIn ${WORK} is 0; expected at least 1 ms`],
    [{ expiresIn: 'soon' }, `expiresIn ${WORK} is "soon"; expected a number of milliseconds`],
    [{ deadline: -1 }, `deadline ${WORK} is -1; expected a number of milliseconds`],
    [{ keepResult: 'yes' }, `keepResult ${WORK} is "yes"; expected a number of milliseconds`],
    [{ keepResult: null }, `keepResult ${WORK} is null; expected a number of milliseconds`],
    [{ tags: 'a' }, `tags ${WORK} is "a"; expected an array of up to 16 texts`],
    [{ tags: Array.from({ length: 17 }, String) }, `tags ${WORK} is an array; expected`],
    [{ tags: [''] }, `a tag in tags ${WORK} is ""; expected 1 to 64 characters`],
    [{ tags: ['x'.repeat(65)] }, `a tag in tags ${WORK} is "xxx`],
    [{ unique: 'key' }, `unique ${WORK} is "key"; expected an object`],
    [{ unique: {} }, `unique ${WORK}.key is undefined; expected 1 to 256 characters`],
    [{ unique: { key: '' } }, `unique ${WORK}.key is ""; expected 1 to 256 characters`],
    [{ unique: { key: () => 7 } }, `unique ${WORK}.key is 7; expected 1 to 256 characters`],
    [
      { unique: { key: 'k', id: 1 } },
      `unique ${WORK} has no option 'id'; there are: key, mode, ttl, maxWait`,
    ],
    [
      { unique: { key: 'k', mode: 'once' } },
      `unique ${WORK}.mode is "once"; expected one of reject, throttle, replace, debounce, keepLast`,
    ],
    [{ unique: { key: 'k', mode: 'throttle' } }, `unique ${WORK}.ttl is undefined; mode 'throttle' needs it`],
    [{ unique: { key: 'k', mode: 'debounce' } }, `unique ${WORK}.ttl is undefined; mode 'debounce' needs it`],
    [{ unique: { key: 'k', ttl: 0 } }, `unique ${WORK}.ttl is 0; expected at least 1 ms`],
    [
      { unique: { key: 'k', ttl: 1, maxWait: 1 } },
      `unique ${WORK}.maxWait is 1; it is for mode 'debounce' only`,
    ],
    [
      { unique: { key: 'k', mode: 'debounce', ttl: 1, maxWait: 0 } },
      `unique ${WORK}.maxWait is 0; expected at least 1 ms`,
    ],
  ])('%j is refused by name, value and what is expected', (options, message) => {
    const add = () => made(options);
    expect(add).toThrow(message);
    expect(add).toThrow(expect.objectContaining({ code: 'DEPOT_CONFIG' }));
  });

  it('may be as long as is said', () => {
    const options = { group: 'x'.repeat(256), tags: Array.from({ length: 16 }, () => 'x'.repeat(64)) };
    expect(made(options).group).toHaveLength(256);
  });
});
