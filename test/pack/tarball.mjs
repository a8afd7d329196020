/** Packs the library as `npm publish` would and checks what is in the package. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import { execute } from './execute.mjs';

const MAY_BE_PACKED = /^(dist\/lib\/.+|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/;
const HAS_TO_BE_PACKED = [
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'package.json',
  ...['esm', 'cjs'].flatMap((format) =>
    [
      'package.json',
      ...['index', 'keyv/index', 'testing/index', 'testing/jest'].flatMap((path) => [
        `${path}.js`,
        `${path}.d.ts`,
      ]),
    ].map((name) => `dist/lib/${format}/${name}`),
  ),
];

/** Packs what is built and unpacks it. Returns the directory of the unpacked package. */
export async function packAndUnpack(root, into) {
  // The build is a part of its own, so npm is not to build again (`prepack`).
  const { stdout } = await execute(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', into],
    { cwd: root },
  );
  const [{ filename }] = JSON.parse(stdout);
  await mkdir(into, { recursive: true });
  await execute('tar', ['-xzf', filename], { cwd: into });
  await rm(join(into, filename));
  return join(into, 'package');
}

/** @returns {Promise<string[]>} what is wrong with the unpacked package */
export async function faultsOf(unpacked) {
  const files = await filesOf(unpacked);
  return [
    ...files
      .filter((file) => !MAY_BE_PACKED.test(file))
      .map((file) => `${file} does not belong into the package`),
    ...HAS_TO_BE_PACKED.filter((file) => !files.includes(file)).map(
      (file) => `${file} is missing from the package`,
    ),
    ...(await undeclaredImports(unpacked, files)),
  ];
}

async function filesOf(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** Imports, in code and declarations, of packages that installing this one does not bring or ask for. */
async function undeclaredImports(unpacked, files) {
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(
    await readFile(join(unpacked, 'package.json'), 'utf8'),
  );
  const declared = { ...dependencies, ...peerDependencies };
  const undeclared = new Map();
  for (const file of files.filter((name) => /\.(js|d\.ts)$/.test(name))) {
    const text = await readFile(join(unpacked, file), 'utf8');
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      if (fileName.startsWith('.') || fileName.startsWith('node:') || builtinModules.includes(fileName))
        continue;
      const name = fileName
        .split('/')
        .slice(0, fileName.startsWith('@') ? 2 : 1)
        .join('/');
      if (!(name in declared) && !undeclared.has(name)) undeclared.set(name, file);
    }
  }
  return [...undeclared].map(
    ([name, file]) => `${file} imports ${name}, which is neither a dependency nor a peer dependency`,
  );
}
