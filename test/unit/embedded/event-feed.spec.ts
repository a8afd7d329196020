import { describe, expect, it } from '@jest/globals';
import { EventFeed } from '../../../lib/engines/embedded/event-feed.js';
import { EVENT_LEASE_MS, readEvent, type EventRecord } from '../../../lib/task/event.record.js';
import { ManualClock } from '../../support/manual-clock.js';
import { taskOf } from './embedded-tasks.js';

function feedWith(): {
  feed: EventFeed;
  clock: ManualClock;
  pushed: (readonly [process: string, event: EventRecord])[];
  stored: (readonly [id: string, envelope: string])[];
} {
  const clock = new ManualClock();
  const pushed: (readonly [string, EventRecord])[] = [];
  const stored: (readonly [string, string])[] = [];
  const feed = new EventFeed(
    clock,
    (...push) => pushed.push(push),
    (...event) => stored.push(event),
  );
  return { feed, clock, pushed, stored };
}

describe('events', () => {
  const task = taskOf('a', { envelope: '1send\nm8x2k1f0+9c4\n{"tags":["x"]}\n{"to":"ann"}' });

  it('go to each process that wants them, and are stored once', () => {
    const { feed, clock, pushed, stored } = feedWith();
    feed.subscribe('p1', ['dead', 'completed'], ['dead']);
    feed.subscribe('p2', ['dead'], ['dead']);
    feed.subscribe('p3', ['completed'], []);
    task.tries = 2;

    feed.emit('dead', task, '50 %\nof it');

    const event: EventRecord = {
      name: 'dead',
      id: 'a',
      at: clock.now(),
      tries: 2,
      dueAt: undefined,
      text: '50 %\nof it',
      envelope: task.envelope,
    };
    expect(pushed).toEqual([
      ['p1', event],
      ['p2', event],
    ]);
    expect(stored).toHaveLength(1);
    const [[id, envelope] = ['', '']] = stored;
    expect(id).toMatch(/^a:dead:\d+$/);
    const [head, time, options, ...payload] = envelope.split('\n');
    expect([head, time, options]).toEqual(['1dead', 'm8x2k1f0', '']);
    expect(readEvent('dead', payload.join('\n'))).toEqual(event);
  });

  it('have ids of their own, though the same happens twice', () => {
    const { feed, stored } = feedWith();
    feed.subscribe('p', [], ['waiting']);

    feed.emit('waiting', task);
    feed.emit('waiting', task);

    expect(new Set(stored.map(([id]) => id)).size).toBe(2);
  });

  it('end with the lease of whoever wanted them, or when it wants none', () => {
    const { feed, clock, pushed } = feedWith();
    feed.subscribe('p1', ['active'], []);
    clock.jump(EVENT_LEASE_MS - 1);
    feed.subscribe('p2', ['active'], []);
    feed.emit('active', task);
    expect(pushed.map(([process]) => process)).toEqual(['p1', 'p2']);

    clock.jump(1);
    feed.emit('active', task);
    expect(pushed.map(([process]) => process)).toEqual(['p1', 'p2', 'p2']);
    feed.subscribe('p2', [], []);
    feed.emit('active', task);
    expect(pushed).toHaveLength(3);
  });
});
