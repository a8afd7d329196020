import { describe, expect, it } from '@jest/globals';
import { TaskList } from '../../../lib/engines/embedded/task-list.js';
import { drained, ids, taskOf } from './embedded-tasks.js';

describe('a list of tasks', () => {
  it('gives them from the head, whichever end they came in', () => {
    const list = new TaskList();
    list.push(taskOf('b'));
    list.push(taskOf('c'));
    list.unshift(taskOf('a'));

    expect(ids(list)).toEqual(['a', 'b', 'c']);
    expect(list.length).toBe(3);
    expect(drained(() => list.shift())).toEqual(['a', 'b', 'c']);
    expect(list.length).toBe(0);
    expect(list.first).toBeUndefined();
  });

  it.each([
    ['a', ['b', 'c']],
    ['b', ['a', 'c']],
    ['c', ['a', 'b']],
  ])('lets %s leave, and take another place', (id, rest) => {
    const list = new TaskList();
    const tasks = ['a', 'b', 'c'].map((name) => taskOf(name));
    for (const task of tasks) list.push(task);
    const leaving = tasks.find((task) => task.id === id) ?? taskOf('none');

    list.remove(leaving);
    expect(ids(list)).toEqual(rest);
    list.push(leaving);
    list.unshift(taskOf('first'));

    expect(ids(list)).toEqual(['first', ...rest, id]);
    expect(list.length).toBe(4);
  });

  it('can be emptied while it is walked through', () => {
    const list = new TaskList();
    for (const id of ['a', 'b', 'c']) list.push(taskOf(id));

    const seen: string[] = [];
    for (const task of list) {
      seen.push(task.id);
      list.remove(task);
    }

    expect(seen).toEqual(['a', 'b', 'c']);
    expect(list.length).toBe(0);
  });
});
