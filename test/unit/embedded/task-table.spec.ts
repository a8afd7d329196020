import { describe, expect, it } from '@jest/globals';
import { isStored, type EmbeddedTask } from '../../../lib/engines/embedded/embedded-task.js';
import { TaskTable } from '../../../lib/engines/embedded/task-table.js';
import { random } from '../../support/random.js';
import { ids, taskOf } from './embedded-tasks.js';

describe('the table of tasks', () => {
  it('knows what was added until it is deleted, however many there are by turns', () => {
    const { below } = random(3);
    const table = new TaskTable();
    const model = new Map<string, EmbeddedTask>();
    const gone: EmbeddedTask[] = [];
    for (const [steps, names, ofFiveStay] of [
      [3_000, 60, 2],
      [8_000, 5_000, 4],
      [20_000, 5_000, 0],
    ] as const) {
      for (let step = 0; step < steps; step++) {
        const id = `t${below(names)}`;
        const known = model.get(id);
        if (table.get(id) !== known) throw new Error(`${id} is not what it was`);
        if (!known && ofFiveStay > 0) {
          const task = taskOf(id);
          table.add(task);
          model.set(id, task);
        } else if (known && below(5) >= ofFiveStay) {
          table.delete(known);
          model.delete(id);
          gone.push(known);
        }
      }
      expect(table.size).toBe(model.size);
      expect(ids(table).sort()).toEqual([...model.keys()].sort());
    }

    expect([...model.values()].every(isStored)).toBe(true);
    expect(gone.some(isStored)).toBe(false);
  });

  it('does not mistake another task for one that is gone', () => {
    const table = new TaskTable();
    const before = taskOf('a');
    const after = taskOf('a');
    table.add(before);
    table.delete(before);
    table.add(after);

    table.delete(before);

    expect(table.get('a')).toBe(after);
  });

  it('is as small as what is left of a peak', () => {
    const table = new TaskTable();
    const tasks = Array.from({ length: 10_000 }, (_, at) => taskOf(`t${at}`));
    for (const task of tasks) table.add(task);

    for (const task of tasks.slice(10)) table.delete(task);

    const parts = Object.values(table).filter((part) => typeof part === 'object') as { length: number }[];
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(1_000);
    expect(ids(table)).toEqual(ids(tasks.slice(0, 10)));
  });

  it('has nothing in it any more once it is cleared', () => {
    const table = new TaskTable();
    const tasks = ['a', 'b', 'c'].map((id) => taskOf(id));
    for (const task of tasks) table.add(task);

    table.clear();

    expect([...table, ...tasks.filter(isStored)]).toEqual([]);
    expect(table.size).toBe(0);
  });
});
