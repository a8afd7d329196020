import { expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { BloomFilter, CacheService } from 'nestjs-depot';
import { appModule, ENGINES, optionsFor, startApp } from '../../../support/app.js';
import { missingExamples } from '../../../support/examples.js';

interface User {
  readonly id: string;
}

@Injectable()
class UserTable {
  queries = 0;
  readonly lines: string[] = [];
  private readonly rows = new Map<string, User>([['ann', { id: 'ann' }]]);

  async find(id: string): Promise<User | null> {
    this.queries++;
    return this.rows.get(id) ?? null;
  }

  async insert(user: User): Promise<void> {
    this.rows.set(user.id, user);
  }

  async *allIds(): AsyncGenerator<string> {
    for (const id of this.rows.keys()) yield `user:${id}`;
  }

  log(line: string): void {
    this.lines.push(line);
  }
}

@Injectable()
class Users {
  private readonly known: BloomFilter;

  constructor(
    private readonly cache: CacheService,
    private readonly table: UserTable,
  ) {
    this.known = cache.filter('users', { capacity: 1_000_000, errorRate: 0.001 });
  }

  /** `null` for ids that were never given out, and no query. */
  find(id: string): Promise<User | null> {
    return this.cache.getOrSet(`user:${id}`, () => this.table.find(id), { filter: this.known });
  }

  async create(user: User): Promise<void> {
    await this.table.insert(user);
    await this.known.add(`user:${user.id}`); // after it can be found in the table, before anybody is told the id
  }

  /** At night, say; and once before the filter is of any use. */
  async rebuild(): Promise<boolean> {
    return this.known.rebuild(this.table.allIds(), {
      onProgress: ({ added }) => this.table.log(`${added} users`),
    });
  }
}

it('the example of docs/bloom-filter.md is here', async () => {
  const test = 'test/unit/cache/filter/bloom-filter.example.spec.ts';
  expect(await missingExamples('docs/bloom-filter.md', test)).toEqual([]);
});

it.each(ENGINES)('ids that were never given out cost no query, on the %s engine', async (engine) => {
  const app = await startApp(appModule(optionsFor(engine), [], { providers: [UserTable, Users] }));
  const [users, table] = [app.get(Users), app.get(UserTable)];
  expect(await users.find('joe')).toBeNull();
  expect(table.queries).toBe(1);

  expect(await users.rebuild()).toBe(true);
  expect(table.lines).toEqual(['1 users']);
  await users.create({ id: 'bob' });
  expect(await Promise.all(['eve', 'ann', 'bob', 'kim'].map((id) => users.find(id)))).toEqual([
    null,
    { id: 'ann' },
    { id: 'bob' },
    null,
  ]);
  expect(table.queries).toBe(3);
});
