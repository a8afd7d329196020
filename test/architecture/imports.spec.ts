import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { EXCEPTIONS } from './exceptions.js';
import { violations, type Source } from './rules.js';

const LIB = fileURLToPath(new URL('../../lib', import.meta.url));

function librarySources(): Source[] {
  return readdirSync(LIB, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ path: name.split(sep).join('/'), text: readFileSync(join(LIB, name), 'utf8') }));
}

describe('the architecture', () => {
  it('holds in every file of lib', () => {
    expect(librarySources().length).toBeGreaterThan(10);
    expect(violations(librarySources(), EXCEPTIONS)).toEqual([]);
  });

  it.each([
    ['common/clock.ts', 'imports lock, which stands above common', `import { Lock } from '../lock/lock.js';`],
    ['lock/lock.service.ts', 'imports task, which stands above lock', `export * from '../task/queue.js';`],
    ['task/queue.ts', 'imports lock, which stands above task', `import type { A } from '../lock/a.js';`],
    ['cache/a.ts', 'imports task, which stands above cache', `import '../task/queue.js';`],
    [
      'cache/a.ts',
      'imports engines/redis, which stands above cache',
      `const a = await import('../engines/redis/a.js');`,
    ],
    [
      'task/a.ts',
      'imports engines/embedded, which stands above task',
      `let a: import('../engines/embedded/a.js').A;`,
    ],
    [
      'task/a.ts',
      'imports depot.options.js, which stands above task',
      `import { A } from '../depot.options.js';`,
    ],
    [
      'engines/redis/a.ts',
      'imports engines/embedded, which stands above engines/redis',
      `import '../embedded/a.js';`,
    ],
    [
      'engines/engine.ts',
      'imports engines/redis, which stands above engines/engine',
      `import './redis/a.js';`,
    ],
    ['common/a.ts', 'imports ../sample-app/a.js, which is not in lib', `import '../../sample-app/a.js';`],
    [
      'misc/a.ts',
      'belongs to misc, whose place in the order of imports is not written down',
      `import '../common/a.js';`,
    ],
    ['task/a.ts', 'imports ioredis, which only engines/redis does', `import type { Redis } from 'ioredis';`],
    [
      'depot.options.ts',
      'imports ioredis, which only engines/redis does',
      `import { Redis } from 'ioredis';`,
    ],
    [
      'task/runtime/executor.ts',
      'imports Nest, which stays in modules, services, decorators and discovery',
      `import { Logger } from '@nestjs/common';`,
    ],
    [
      'index.ts',
      'imports testing, which is an entry point of its own',
      `export { A } from './testing/index.js';`,
    ],
    [
      'engines/embedded/a.ts',
      'imports testing, which is an entry point of its own',
      `import { ManualClock } from '../../testing/manual-clock.js';`,
    ],
    [
      'testing/conductor.ts',
      'imports Nest, which stays in modules, services, decorators and discovery',
      `import { Test } from '@nestjs/testing';`,
    ],
    [
      'depot.module.ts',
      'imports @nestjs/testing, which only testing does',
      `import { Test } from '@nestjs/testing';`,
    ],
    [
      'task/queue.ts',
      'imports @jest/globals, which only testing does',
      `import { expect } from '@jest/globals';`,
    ],
    ['common/a.ts', 'uses any', 'export const a = (b: any) => b;'],
    ['common/a.ts', 'uses !', 'export const a = b!.c;'],
    ['common/a.ts', 'uses !', 'class A { b!: string }'],
    ['common/a.ts', 'switches a check off', '// eslint-disable-next-line'],
    ['common/a.ts', 'switches a check off', '// @ts-expect-error'],
    ['common/a.ts', 'has more than 330 lines', '\n'.repeat(330) + 'x'],
  ])('is broken where %s %s', (path, what, text) => {
    expect(violations([{ path, text }], [])).toEqual([`${path}: ${what}`]);
    expect(violations([{ path, text }], [{ path, what, reason: 'made up' }])).toEqual([]);
  });

  it.each([
    ['cache/a.ts', `import '../lock/a.js'; import '../common/a.js'; import './b.js'; import 'node:fs';`],
    ['task/discovery/a.ts', `import '../queue.js'; import { DiscoveryService } from '@nestjs/core';`],
    ['task/decorators/task.decorator.ts', `import { SetMetadata } from '@nestjs/common';`],
    [
      'engines/redis/a.ts',
      `import { Redis } from 'ioredis'; import '../../task/task.broker.js'; import '../engine.js';`,
    ],
    [
      'engines/engine.factory.ts',
      `import './redis/redis-engine.js'; import './embedded/a.js'; import './engine.js';`,
    ],
    [
      'depot.options.ts',
      `import { type Redis, type RedisOptions } from 'ioredis'; import type { Cluster } from 'ioredis';`,
    ],
    ['index.ts', `export { A } from './engines/redis/a.js';`],
    [
      'testing/depot-testing.ts',
      `import { Test } from '@nestjs/testing'; import '../depot.module.js'; import '../task/queue.js';`,
    ],
    ['common/a.ts', `const any = 'any!'; // any`],
  ])('allows %s with %s', (path, text) => {
    expect(violations([{ path, text }], [])).toEqual([]);
  });

  it('allows a file of 330 lines', () => {
    expect(violations([{ path: 'common/a.ts', text: 'x\n'.repeat(330) }], [])).toEqual([]);
  });

  it('is broken by an exception that nothing needs', () => {
    expect(violations([], [{ path: 'common/a.ts', what: 'uses any', reason: 'made up' }])).toEqual([
      'common/a.ts: the exception "uses any" is not needed any more',
    ]);
  });
});
