import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '../..');
const FILES = readdirSync(HERE).filter((name) => name.endsWith('.types.ts'));

/** Two faults: a name that does not exist and is not marked, and a mark where nothing is wrong. */
const WRONG = `
import type { Queue } from 'nestjs-depot';
import type { EmailProcessor } from './email.processor.js';
export async function add(email: Queue<EmailProcessor>): Promise<void> {
  await email.add('welcom', { to: 'ann' });
  // @ts-expect-error nothing is wrong with it
  await email.add('welcome', { to: 'ann' });
}
`;

/** Every wrong use in *.types.ts is marked with `@ts-expect-error`; a mark that is not needed is an error itself. */
describe('types', () => {
  const errors = compile(FILES, { 'wrong.ts': WRONG });

  it.each(FILES)('%s compiles, and what is marked as wrong does not', (file) => {
    expect(errors(file)).toEqual([]);
  });

  it('would find a wrong use and a needless mark', () => {
    expect(errors('wrong.ts')).toEqual([
      expect.stringMatching(/^5: .*"welcom"/),
      "6: Unused '@ts-expect-error' directive.",
    ]);
  });
});

/** Compiles files of this directory, and some that exist only here, as the project's own settings say. */
function compile(
  files: readonly string[],
  madeUp: Readonly<Record<string, string>>,
): (file: string) => string[] {
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(
    { ...config.config, files: [], include: [] },
    ts.sys,
    ROOT,
  );
  const host = ts.createCompilerHost(options);
  const readFile = host.readFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  const textOf = (path: string): string | undefined =>
    dirname(path) === dirname(join(HERE, 'x')) ? madeUp[relative(HERE, path)] : undefined;
  host.readFile = (path) => textOf(path) ?? readFile(path);
  host.fileExists = (path) => textOf(path) !== undefined || fileExists(path);
  const program = ts.createProgram(
    [...files, ...Object.keys(madeUp)].map((file) => join(HERE, file)),
    options,
    host,
  );
  return (file) => {
    const source = program.getSourceFile(join(HERE, file));
    if (!source) throw new Error(`${file} was not compiled`);
    return ts.getPreEmitDiagnostics(program, source).map(({ start = 0, messageText }) => {
      const { line } = source.getLineAndCharacterOfPosition(start);
      return `${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  };
}
