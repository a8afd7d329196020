import { describe, expect, it } from '@jest/globals';
import { GroupTurns } from '../../../lib/engines/embedded/group-turns.js';
import { Levels } from '../../../lib/engines/embedded/levels.js';
import { drained, ids, taskOf } from './embedded-tasks.js';

const levelsWith = (...tasks: readonly (readonly [id: string, priority: number])[]): Levels => {
  const levels = new Levels();
  for (const [id, priority] of tasks) levels.push(taskOf(id, { priority }));
  return levels;
};

describe('priorities', () => {
  it('go strictly by the highest, each first in first out', () => {
    const levels = levelsWith(['a0', 0], ['a9', 9], ['a5', 5], ['b9', 9], ['b0', 0]);

    expect(ids(levels)).toEqual(['a9', 'b9', 'a5', 'a0', 'b0']);
    expect(levels.size).toBe(5);
    expect(drained(() => levels.shift())).toEqual(['a9', 'b9', 'a5', 'a0', 'b0']);
    expect(levels.size).toBe(0);
  });

  it('know that a level is empty when its only task was taken out of the middle', () => {
    const levels = levelsWith(['low', 1]);
    const high = taskOf('high', { priority: 8 });
    levels.push(high);

    levels.delete(high);

    expect(drained(() => levels.shift())).toEqual(['low']);
  });

  it('give back to the head of their own level', () => {
    const levels = levelsWith(['a', 5], ['z', 9]);

    levels.unshift(taskOf('back', { priority: 5 }));

    expect(drained(() => levels.shift())).toEqual(['z', 'back', 'a']);
  });

  it('serve by weight, the higher one first on a tie', () => {
    const levels = new Levels();
    levels.weigh([1, 1, 1, 1, 1, 1, 1, 1, 1, 3]);
    for (let n = 0; n < 40; n++) {
      levels.push(taskOf(`low${n}`, { priority: 0 }));
      levels.push(taskOf(`high${n}`, { priority: 9 }));
    }

    const served = drained(() => levels.shift(), 8).map((id) => id.replace(/\d+/, ''));

    expect(served[0]).toBe('high');
    expect(served.filter((name) => name === 'low')).toHaveLength(2);
    expect(served.slice(0, 4).filter((name) => name === 'low')).toHaveLength(1);
  });

  it('save nothing up for a level that was empty', () => {
    const levels = new Levels();
    levels.weigh(Array.from({ length: 10 }, () => 1));
    for (let n = 0; n < 20; n++) levels.push(taskOf(`high${n}`, { priority: 9 }));
    drained(() => levels.shift(), 10);
    for (let n = 0; n < 5; n++) levels.push(taskOf(`low${n}`, { priority: 0 }));

    const served = drained(() => levels.shift(), 4).map((id) => id.replace(/\d+/, ''));

    expect(served).toEqual(['high', 'low', 'high', 'low']);
  });

  it('save nothing up either while the whole queue is empty', () => {
    const levels = new Levels();
    levels.weigh(Array.from({ length: 10 }, () => 1));
    for (let n = 0; n < 10; n++) {
      levels.push(taskOf(`high${n}`, { priority: 9 }));
      levels.shift();
    }
    for (let n = 0; n < 5; n++) levels.push(taskOf(`low${n}`, { priority: 0 }));
    for (let n = 0; n < 5; n++) levels.push(taskOf(`high${n}`, { priority: 9 }));

    expect(drained(() => levels.shift(), 4).filter((id) => id.startsWith('low'))).toHaveLength(2);
  });
});

describe('groups', () => {
  const levelsOf = (...names: readonly string[]): Levels => {
    const levels = new Levels();
    for (const id of names) {
      const group = id.slice(0, 1);
      levels.push(taskOf(id, group === '-' ? {} : { group }));
    }
    return levels;
  };

  it('take turns, whatever one of them has', () => {
    const levels = levelsOf('a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2');

    expect(drained(() => levels.shift())).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  it('let one that comes later in from the present turn on', () => {
    const levels = levelsOf('a1', 'a2', 'a3');
    expect(drained(() => levels.shift(), 2)).toEqual(['a1', 'a2']);

    levels.push(taskOf('b1', { group: 'b' }));
    levels.push(taskOf('b2', { group: 'b' }));

    expect(drained(() => levels.shift())).toEqual(['b1', 'a3', 'b2']);
  });

  it('take turns with the tasks that have none, as if those were a group', () => {
    const levels = levelsOf('a1', 'a2', 'a3', '-1', '-2', '-3');

    expect(drained(() => levels.shift())).toEqual(['-1', 'a1', '-2', 'a2', '-3', 'a3']);
    expect(levels.size).toBe(0);
  });

  it('run given-back tasks in the present turn', () => {
    const levels = levelsOf('a1', 'a2', 'a3', 'b1', 'b2', 'b3');
    expect(drained(() => levels.shift(), 3)).toEqual(['a1', 'b1', 'a2']);

    levels.unshift(taskOf('a2', { group: 'a' }));

    expect(drained(() => levels.shift(), 2).sort()).toEqual(['a2', 'b2']);
  });

  it('keep the order within a group of tasks that were given back and of new ones', () => {
    const levels = levelsOf('a1', 'a2');
    levels.shift();
    levels.unshift(taskOf('a1', { group: 'a' }));
    levels.push(taskOf('a3', { group: 'a' }));

    expect(drained(() => levels.shift())).toEqual(['a1', 'a2', 'a3']);
  });

  it('can be taken out of', () => {
    const levels = new Levels();
    const tasks = ['a', 'b', 'c'].map((group) => taskOf(`${group}1`, { group }));
    for (const task of tasks) levels.push(task);

    for (const task of tasks.slice(0, 2)) levels.delete(task);

    expect(levels.size).toBe(1);
    expect(drained(() => levels.shift())).toEqual(['c1']);
  });

  it('share evenly though one has 99 of 100 tasks (Jain index)', () => {
    const levels = new Levels();
    for (let n = 0; n < 990; n++) levels.push(taskOf(`whale${n}`, { group: 'whale' }));
    for (let n = 0; n < 10; n++) levels.push(taskOf(`minnow${n}`, { group: `minnow${n}` }));

    const served = drained(() => levels.shift(), 11).map((id) => id.replace(/whale\d+/, 'whale'));

    expect(new Set(served).size).toBe(11);
  });

  it('are forgotten when they are gone, and never while that would change the order', () => {
    const turns = new GroupTurns();
    const heavy = Array.from({ length: 50 }, (_, n) => taskOf(`h${n}`, { group: 'heavy' }));
    for (const task of heavy) turns.push(task, 'heavy');
    for (let n = 0; n < 10_000; n++) {
      turns.push(taskOf(`t${n}`, { group: `g${n}` }), `g${n}`);
      expect(turns.shift()?.group).toBeDefined();
    }
    expect(turns.remembered).toBeLessThan(2_000);

    turns.push(taskOf('last', { group: 'heavy' }), 'heavy');
    const rest = drained(() => turns.shift()).filter((id) => id === 'last' || id.startsWith('h'));
    expect(rest.at(-1)).toBe('last');
  });
});
