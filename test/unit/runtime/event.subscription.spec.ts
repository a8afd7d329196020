import { describe, expect, it } from '@jest/globals';
import { EngineClosedError, EngineUnavailableError } from '../../../lib/common/errors.js';
import { EVENT_LEASE_MS, type EventRecord } from '../../../lib/task/event.record.js';
import { EventSubscription } from '../../../lib/task/event.subscription.js';
import { Deferred } from '../../support/deferred.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { ScriptedBroker, turns } from './scripted-broker.js';

const gone = (): Promise<never> => Promise.reject(new EngineUnavailableError('gone'));
const ignore = (): void => undefined;

function subscription() {
  const clock = new ManualClock();
  const broker = new ScriptedBroker();
  const logger = new RecordingLogger();
  return { clock, broker, logger, events: new EventSubscription(broker, clock, logger) };
}

const event = (name: EventRecord['name'], id = 'a'): EventRecord => ({
  name,
  id,
  at: 0,
  tries: 1,
  dueAt: undefined,
  text: '',
  envelope: '',
});

describe('a subscription to events', () => {
  it('calls nothing while nobody wants anything', async () => {
    const { broker, clock } = subscription();
    broker.gap();
    await clock.advance(EVENT_LEASE_MS * 2);
    expect(broker.calls).toEqual([]);
  });

  it('tells of both kinds together, and once for what was asked for in one turn', async () => {
    const { broker, events } = subscription();
    events.push('completed', ignore);
    events.push('dead', ignore);
    await events.store(['failed']);
    expect(broker.calls).toEqual(['subscribe [completed,dead] [failed]']);
  });

  it('brings each listener the events of its name, until it ends that', async () => {
    const { broker, events } = subscription();
    const heard: string[] = [];
    const end = events.push('dead', ({ id }) => heard.push(`first ${id}`));
    events.push('dead', ({ id }) => heard.push(`second ${id}`));
    events.push('completed', ({ id }) => heard.push(`completed ${id}`));
    broker.push({ kind: 'event', event: event('dead', 'x') });
    end();
    end();
    broker.push({ kind: 'event', event: event('dead', 'y') });
    expect(heard).toEqual(['first x', 'second x', 'second y']);
  });

  it('is not disturbed by a listener that throws', async () => {
    const { broker, events, logger } = subscription();
    const heard: string[] = [];
    events.push('dead', () => {
      throw new Error('bad listener');
    });
    events.push('dead', ({ id }) => heard.push(id));
    broker.push({ kind: 'event', event: event('dead') });
    expect(heard).toEqual(['a']);
    expect(logger.errors).toEqual([expect.stringContaining('bad listener')]);
  });

  it('tells when the last listener of a name has gone', async () => {
    const { broker, events } = subscription();
    const end = events.push('dead', ignore);
    await events.ready;
    end();
    await events.ready;
    expect(broker.calls).toEqual(['subscribe [dead] []', 'subscribe [] []']);
  });

  it('is renewed well within its lease, and not when nothing is wanted', async () => {
    const { broker, events, clock } = subscription();
    const end = events.push('dead', ignore);
    await clock.advance(EVENT_LEASE_MS);
    expect(broker.count('subscribe [dead]')).toBe(4);
    end();
    await turns();
    expect(clock.pending).toBe(0);
  });

  it('never tells an older wish after a newer one', async () => {
    const { broker, events } = subscription();
    const answer = new Deferred<void>();
    broker.onSubscribe = () => answer.promise;
    events.push('dead', ignore);
    await turns();
    broker.onSubscribe = async () => undefined;
    events.push('completed', ignore);
    await turns();
    expect(broker.calls).toEqual(['subscribe [dead] []']);
    answer.resolve();
    await events.ready;
    expect(broker.calls).toEqual(['subscribe [dead] []', 'subscribe [dead,completed] []']);
  });

  it('is tried again when the engine is away, which is reported once', async () => {
    const { broker, events, clock, logger } = subscription();
    broker.onSubscribe = gone;
    await expect(events.store(['dead'])).rejects.toThrow('gone');
    await clock.advance(10_000);
    expect(broker.count('subscribe')).toBeGreaterThan(3);
    expect(logger.warnings).toHaveLength(1);
    broker.onSubscribe = async () => undefined;
    await clock.advance(2_000);
    const told = broker.count('subscribe');
    await clock.advance(10_000);
    expect(broker.count('subscribe')).toBe(told);
  });

  it('is told again after a gap', async () => {
    const { broker, events } = subscription();
    await events.store(['dead']);
    broker.gap();
    await events.ready;
    expect(broker.calls).toEqual(['subscribe [] [dead]', 'subscribe [] [dead]']);
  });

  it('ends what is pushed when it closes, leaves what is stored, and leaves no timer', async () => {
    const { broker, events, clock } = subscription();
    await events.store(['dead']);
    events.push('completed', ignore);
    await events.ready;
    await events.close();
    await events.close();
    expect(broker.calls.at(-1)).toBe('subscribe [] [dead]');
    expect(clock.pending).toBe(0);
    broker.gap();
    await turns();
    expect(broker.count('subscribe')).toBe(3);
  });

  it('closes silently when only others need it, or the engine has closed', async () => {
    const { broker, events, clock, logger } = subscription();
    await events.store(['dead']);
    broker.onSubscribe = () => Promise.reject(new EngineClosedError('closed'));
    await clock.advance(EVENT_LEASE_MS);
    await events.close();
    expect(logger.warnings).toEqual([]);
    expect(broker.count('subscribe')).toBe(2);
  });
});
