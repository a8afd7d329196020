import { describe, expect, it } from '@jest/globals';
import { Backlog } from '../../../lib/engines/embedded/backlog.js';
import type { EmbeddedTask } from '../../../lib/engines/embedded/embedded-task.js';
import { taskOf } from './embedded-tasks.js';

describe('a backlog', () => {
  let size = 0;
  const of = (limits: Parameters<Backlog['replace']>[0], ...there: readonly EmbeddedTask[]): Backlog => {
    const backlog = new Backlog(() => size);
    size = there.length;
    backlog.replace(limits, there);
    return backlog;
  };
  const waiting = (id: string, group?: string): EmbeddedTask =>
    Object.assign(taskOf(id, group === undefined ? {} : { group }), { place: 'list' });

  it('without a bound refuses nothing', () => {
    expect(of({}, waiting('a')).refuses('p', 'g', [])).toBe(false);
  });

  it('refuses what would grow it beyond its bound, and says once when there is room', () => {
    const backlog = of({ backlog: 1 }, waiting('a'));

    expect(backlog.refuses('p', undefined, [])).toBe(true);
    expect(backlog.refuses('p', undefined, [])).toBe(true);
    expect(backlog.refuses('p', undefined, [waiting('a')])).toBe(false);
    expect(backlog.refuses('p', undefined, [Object.assign(waiting('a'), { place: 'parked' })])).toBe(true);
    expect(backlog.admitted()).toEqual([]);
    size = 0;
    expect(backlog.admitted()).toEqual(['p']);
    expect(backlog.admitted()).toEqual([]);
  });

  it('is bounded for each group', () => {
    const there = [waiting('a', 'g'), waiting('b', 'g'), waiting('c', 'h')];
    const backlog = of({ group: { backlog: 2 } }, ...there);

    expect(backlog.refuses('p', 'g', [])).toBe(true);
    expect(backlog.refuses('q', 'h', [])).toBe(false);
    expect(backlog.refuses('q', undefined, [])).toBe(false);
    expect(backlog.refuses('q', 'g', [waiting('a', 'g')])).toBe(false);
    expect(backlog.refuses('q', 'g', [waiting('c', 'h')])).toBe(true);
    backlog.leave(waiting('c', 'h'));
    expect(backlog.admitted()).toEqual([]);
    backlog.leave(waiting('a', 'g'));
    expect(backlog.admitted()).toEqual(['p', 'q']);
    backlog.enter(waiting('d', 'g'));
    expect(backlog.refuses('p', 'g', [])).toBe(true);
  });

  it('lets in who was refused when the bound is gone', () => {
    const backlog = of({ backlog: 1 }, waiting('a'));
    backlog.refuses('p', undefined, []);

    backlog.replace({}, []);

    expect(backlog.admitted()).toEqual(['p']);
  });
});
