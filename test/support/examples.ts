import { readFile } from 'node:fs/promises';

/** The examples in TypeScript of a page of the documentation that none of these tests has, line by line. */
export async function missingExamples(page: string, ...tests: readonly string[]): Promise<readonly string[]> {
  const [text = '', ...codes] = await Promise.all([page, ...tests].map((path) => readFile(path, 'utf8')));
  const examples = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, example = '']) => example);
  if (examples.length === 0) throw new Error(`${page} has no examples`);
  const lines = trimmed(codes.join('\n'));
  return examples.filter((example) => !lines.includes(trimmed(example)));
}

const trimmed = (code: string): string =>
  code
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
