import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';

const read = (path: string): Promise<string> =>
  readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');

it('the example of docs/testing.md is the one that is run', async () => {
  const [, example] = /^```ts\n([\s\S]*?)^```$/m.exec(await read('docs/testing.md')) ?? [];
  expect(example).toBe(await read('test/integration/testing.example.spec.ts'));
});
