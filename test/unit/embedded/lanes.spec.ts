import { describe, expect, it } from '@jest/globals';
import { Lanes } from '../../../lib/engines/embedded/lanes.js';
import { RoomFor } from '../../../lib/engines/embedded/room-for.js';
import { ids, taskOf } from './embedded-tasks.js';

describe('lanes', () => {
  it('give by priority, then as tasks were set aside, over all names that are open', () => {
    const lanes = new Lanes();
    lanes.push(taskOf('mail1', { name: 'mail', priority: 5 }));
    lanes.push(taskOf('sms1', { name: 'sms', priority: 5 }));
    lanes.push(taskOf('sms9', { name: 'sms', priority: 9 }));
    lanes.push(taskOf('mail2', { name: 'mail', priority: 5 }));
    const next = (...names: readonly string[]): string | undefined =>
      lanes.shift((name) => names.includes(name))?.id;

    expect(next('fax')).toBeUndefined();
    expect(next('mail', 'sms')).toBe('sms9');
    expect(next('sms', 'mail')).toBe('mail1');
    expect(next('mail')).toBe('mail2');
    expect(next('mail')).toBeUndefined();
    expect(lanes.hasOpen((name) => name === 'mail')).toBe(false);
    expect(ids(lanes)).toEqual(['sms1']);
    expect(lanes.size).toBe(1);
  });
});

describe('room for names', () => {
  const names = [
    { name: 'apart', free: 1, apart: true },
    { name: 'bounded', free: 1, apart: false },
  ];

  it('is shared by the names that are not apart', () => {
    const room = new RoomFor({ shared: 1, names });

    room.take('other');

    expect(['other', 'bounded', 'apart'].map((name) => room.has(name))).toEqual([false, false, true]);
    expect(room.left).toBe(true);
    room.take('apart');
    expect(room.has('apart')).toBe(false);
    expect(room.left).toBe(false);
  });

  it('is bounded for a name though there is room for others', () => {
    const room = new RoomFor({ shared: 5, names });

    room.take('bounded');
    room.take('apart');

    expect(['other', 'bounded', 'apart'].map((name) => room.has(name))).toEqual([true, false, false]);
  });
});
