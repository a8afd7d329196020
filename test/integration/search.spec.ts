import { describe, expect, it } from '@jest/globals';
import type { TaskSearch } from 'nestjs-depot';
import { ENGINES } from '../support/app.js';
import { startQueue } from '../support/queue-app.js';

describe.each(ENGINES)('searching on the %s engine', (engine) => {
  const start = async () => {
    const { queue } = await startQueue(engine);
    const found = async (search: TaskSearch) =>
      (await queue.search(search)).tasks.map(({ id }) => id).toSorted();
    return { queue, found };
  };

  it('finds tasks by state, name, tag and payload', async () => {
    const { queue, found } = await start();
    const ann = { user: { id: 7, name: 'Ann' }, items: ['x', 'y'] };
    await queue.addBulk([
      { name: 'mail', payload: ann, options: { id: 'a', tags: ['vip', 'eu'] } },
      { name: 'mail', payload: { user: { id: 8 } }, options: { id: 'b', delay: '1h' } },
      { name: 'push', payload: new Map([['user', { id: 7 }]]), options: { id: 'c', tags: ['eu'] } },
      { name: 'push', options: { id: 'd', priority: 9 } },
    ]);
    expect(await found({})).toEqual(['a', 'b', 'c', 'd']);
    expect(await found({ state: 'delayed' })).toEqual(['b']);
    expect(await found({ state: ['dead', 'waiting'] })).toEqual(['a', 'c', 'd']);
    expect(await found({ name: 'mail' })).toEqual(['a', 'b']);
    expect(await found({ tag: 'eu' })).toEqual(['a', 'c']);
    expect(await found({ name: 'push', tag: 'eu' })).toEqual(['c']);
    expect(await found({ where: { 'user.id': 7 } })).toEqual(['a', 'c']);
    expect(await found({ where: { 'user.id': 7, 'user.name': 'Ann' } })).toEqual(['a']);
    expect(await found({ where: { user: { id: 8 } } })).toEqual(['b']);
    expect(await found({ where: { 'items.1': 'y' } })).toEqual(['a']);
    expect(await found({ where: { 'user.toString': ann.user.toString } })).toEqual([]);
    expect(await found({ where: ({ priority }) => priority > 5 })).toEqual(['d']);
  });

  it('finds tasks by when they were added', async () => {
    const { queue, found } = await start();
    await queue.add('mail', 1, { id: 'a' });
    const { enqueuedAt } = (await queue.get('a')) ?? { enqueuedAt: new Date(Number.NaN) };
    const later = new Date(enqueuedAt.getTime() + 1);
    expect(await found({ since: enqueuedAt })).toEqual(['a']);
    expect(await found({ since: later })).toEqual([]);
    expect(await found({ until: later })).toEqual(['a']);
    expect(await found({ until: enqueuedAt })).toEqual([]);
  });

  it('goes on from page to page, each task once, over all states', async () => {
    const { queue } = await start();
    const tasks = Array.from({ length: 700 }, (_, i) => ({
      name: 'mail',
      payload: i,
      options: { id: `t${i}`, ...(i % 2 === 0 && { delay: '1h' as const }) },
    }));
    await queue.addBulk(tasks);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await queue.search({ limit: 300, ...(cursor !== undefined && { cursor }) });
      expect(page.tasks.length).toBeLessThanOrEqual(300);
      seen.push(...page.tasks.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(700);
    expect(new Set(seen).size).toBe(700);
  });

  it('misses nothing when tasks before the page have gone', async () => {
    const { queue } = await start();
    await queue.addBulk(Array.from({ length: 10 }, (_, i) => ({ name: 'mail', options: { id: `t${i}` } })));
    const first = await queue.search({ state: 'waiting', limit: 4 });
    await queue.bulk('remove', ['t0', 't1', 't2']);
    const rest = await queue.search({ state: 'waiting', limit: 100, cursor: first.cursor ?? '' });
    expect([...first.tasks, ...rest.tasks].map(({ id }) => id)).toEqual(
      Array.from({ length: 10 }, (_, i) => `t${i}`),
    );
    expect(rest.cursor).toBeUndefined();
  });

  it('looks at a bounded number of tasks, and says where to go on', async () => {
    const { queue } = await start();
    await queue.addBulk(Array.from({ length: 10_600 }, (_, i) => ({ name: 'mail', payload: i })));
    await queue.add('push', 1, { id: 'last' });
    const first = await queue.search({ state: 'waiting', name: 'push' });
    expect(first).toMatchObject({ tasks: [], cursor: expect.any(String) });
    const second = await queue.search({ state: 'waiting', name: 'push', cursor: first.cursor ?? '' });
    expect(second).toMatchObject({ tasks: [{ id: 'last' }], cursor: undefined });
  });

  it.each<[unknown, string]>([
    [{ status: 'dead' }, "the search has no option 'status'; there are: state, name, tag"],
    [{ state: 'gone' }, 'state is "gone"; expected one of waiting, delayed, blocked'],
    [{ state: ['dead', 7] }, 'state is 7; expected one of waiting'],
    [{ limit: 0 }, 'limit of the search is 0; expected a whole number from 1 to 1000'],
    [{ since: 'today' }, 'since of the search is "today"; expected a valid Date'],
    [{ where: 'x' }, 'where of the search is "x"; expected { path: value } or a function'],
    [{ cursor: 'x' }, 'cursor of the search is "x"; expected the one that a search'],
    [{ cursor: '["gone",1,"x"]' }, 'expected the one that a search'],
    [{ state: 'dead', cursor: '["waiting",1,"x"]' }, 'expected the one that a search with the same states'],
  ])('refuses %j', async (search, message) => {
    const { queue } = await start();
    await expect(queue.search(search as TaskSearch)).rejects.toMatchObject({
      code: 'DEPOT_CONFIG',
      message: expect.stringContaining(message),
    });
  });
});
