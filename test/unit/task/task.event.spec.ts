import { describe, expect, it } from '@jest/globals';
import { EVENT_LEASE_MS, type EventRecord } from '../../../lib/task/event.record.js';
import { TaskCodec } from '../../../lib/task/task.codec.js';
import { readTaskEvent, TaskEvent } from '../../../lib/task/task.event.js';
import { writeFailure, writeOutcome } from '../../../lib/task/task.outcome.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ScriptedBroker, turns } from '../runtime/scripted-broker.js';
import { clientOf } from './client-of.js';

const record = (name: EventRecord['name'], rest: Partial<EventRecord> = {}): EventRecord => ({
  name,
  id: 'a',
  at: 1_000,
  tries: 1,
  dueAt: undefined,
  text: '',
  envelope: '1run\nm8x2k1f0\n\n{"to":1}',
  ...rest,
});

const event = (name: EventRecord['name'], rest?: Partial<EventRecord>): TaskEvent =>
  readTaskEvent('work', record(name, rest), TaskCodec.plain);

const FAILED = writeOutcome(5, writeFailure(new Error('broken'), TaskCodec.plain));

describe('an event', () => {
  it('says what happened to which task, and when', () => {
    const told = event('waiting');
    expect(told).toBeInstanceOf(TaskEvent);
    expect(told).toMatchObject({
      event: 'waiting',
      taskId: 'a',
      name: 'run',
      queue: 'work',
      at: new Date(1_000),
      payload: { to: 1 },
    });
  });

  it.each<[EventRecord['name'], number]>([
    ['waiting', 1],
    ['active', 2],
    ['progress', 2],
    ['completed', 2],
    ['failed', 1],
    ['retrying', 1],
    ['dead', 1],
    ['cancelled', 1],
  ])('%s counts the attempt that it is about', (name, attempt) => {
    expect(event(name, { text: name === 'progress' ? '1' : '' }).attempt).toBe(attempt);
  });

  it('has a result, an error or a progress where there is one', () => {
    const result = writeOutcome(5, '{"sent":true}');
    expect(event('completed', { text: result })).toMatchObject({ result: { sent: true }, error: undefined });
    for (const name of ['failed', 'retrying', 'dead', 'cancelled', 'parked'] as const) {
      expect(event(name, { text: FAILED })).toMatchObject({
        error: { message: 'broken' },
        result: undefined,
      });
    }
    expect(event('cancelled').error).toBeUndefined();
    expect(event('progress', { text: '50' })).toMatchObject({ progress: 50, result: undefined });
    expect(event('retrying', { text: FAILED, dueAt: 9 }).runAt).toEqual(new Date(9));
    expect(event('dead', { text: FAILED }).runAt).toBeUndefined();
  });

  it('of a record that nobody here can read still says what happened', () => {
    const told = event('parked', { envelope: '9run\nm8x2k1f0\n\n1' });
    expect(told).toMatchObject({ event: 'parked', taskId: 'a', name: '(unreadable)' });
    expect(() => told.payload).toThrow('written by a newer version');
  });
});

describe('listening to a queue', () => {
  it('begins to receive before it subscribes, and is renewed until it ends', async () => {
    const [clock, broker] = [new ManualClock(), new ScriptedBroker()];
    const client = clientOf(broker, clock, { listen: async () => void broker.calls.push('listen') });
    const stop = client.on('dead', () => undefined);
    await stop.ready;
    expect(broker.calls).toEqual(['listen', 'subscribe [dead] []']);
    await clock.advance(EVENT_LEASE_MS);
    expect(broker.count('subscribe')).toBeGreaterThan(2);
    broker.calls.length = 0;
    broker.gap();
    await turns();
    expect(broker.count('subscribe [dead] []')).toBe(1);
    stop();
    await turns();
    expect(broker.calls.at(-1)).toBe('subscribe [] []');
    broker.calls.length = 0;
    await clock.advance(EVENT_LEASE_MS);
    expect(broker.calls).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('says when it could not be told to the engine, and leaves no rejection behind', async () => {
    const [clock, broker] = [new ManualClock(), new ScriptedBroker()];
    broker.onSubscribe = () => Promise.reject(new Error('away'));
    const client = clientOf(broker, clock);
    client.on('dead', () => undefined);
    await turns();
    await expect(client.on('completed', () => undefined).ready).rejects.toThrow('away');
  });
});
