import { readFile } from 'node:fs/promises';

/** The examples in TypeScript of a page of the documentation that a test does not have, line by line. */
export async function missingExamples(page: string, test: string): Promise<readonly string[]> {
  const [text, code] = await Promise.all([readFile(page, 'utf8'), readFile(test, 'utf8')]);
  const examples = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, example = '']) => example);
  if (examples.length === 0) throw new Error(`${page} has no examples`);
  const lines = trimmed(code);
  return examples.filter((example) => !lines.includes(trimmed(example)));
}

const trimmed = (code: string): string =>
  code
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
