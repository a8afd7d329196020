/**
 * The shape of `lib/` as rules over its source text: who may import whom, and what may not be written.
 * ARCHITECTURE.md has the reasons; the exceptions are in `exceptions.ts`.
 */
import { posix } from 'node:path';
import ts from 'typescript';

export interface Source {
  /** From `lib/`, with slashes: `engines/redis/redis.broker.ts`. */
  readonly path: string;
  readonly text: string;
}

export interface Exception {
  readonly path: string;
  readonly what: string;
  readonly reason: string;
}

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

const LONGEST_FILE = 330;

const FEATURES = ['common', 'codec', 'lock', 'task', 'cache', 'message'];

/**
 * What each part may import of the others: a folder at the top of lib, or a file or folder of `engines`. A part that is
 * not here has no place yet, and that is a violation.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  common: [],
  codec: ['common'],
  lock: ['common'],
  task: ['common', 'codec'],
  cache: ['common', 'lock'],
  message: ['common', 'task'],
  'engines/engine': FEATURES,
  'engines/embedded': [...FEATURES, 'engines/engine'],
  'engines/redis': [...FEATURES, 'engines/engine'],
  'engines/engine.factory': ['common', 'cache', 'engines/engine', 'engines/embedded', 'engines/redis'],
};

/** Entry points of their own: nobody who does not ask for one loads anything of it. */
const ENTRY_POINTS = ['dashboard', 'keyv', 'metrics', 'testing', 'cli'];

/** The module and the entry points put everything together. */
const MAY_IMPORT_ALL = ['', ...ENTRY_POINTS];

const MAY_IMPORT_NEST = [
  /\.(module|service|decorator)\.ts$/,
  /(^|\/)(discovery|decorators|nest)\//,
  /(^|\/)nest[.-][^/]*$/,
  /^testing\/(depot-testing|testing\.options)\.ts$/,
];

/** Packages that tests have and applications have not. */
const FOR_TESTS = /^(@nestjs\/testing|@jest\/|jest|vitest)/;

/** Everything in `sources` that breaks a rule and is not excepted, and every exception that nothing needs. */
export function violations(sources: readonly Source[], exceptions: readonly Exception[]): string[] {
  const found = sources.flatMap((source) => [
    ...importViolations(source).map((what) => ({ path: source.path, what })),
    ...textViolations(source).map((what) => ({ path: source.path, what })),
  ]);
  const matches = (exception: Exception, at: { path: string; what: string }): boolean =>
    exception.path === at.path && exception.what === at.what;
  return [
    ...new Set(
      found
        .filter((at) => !exceptions.some((exception) => matches(exception, at)))
        .map(({ path, what }) => `${path}: ${what}`),
    ),
    ...exceptions
      .filter((exception) => !found.some((at) => matches(exception, at)))
      .map(({ path, what }) => `${path}: the exception "${what}" is not needed any more`),
  ];
}

function importViolations({ path, text }: Source): string[] {
  return importsOf(path, text).flatMap(({ from, typeOnly }) => {
    if (from.startsWith('.')) return partViolations(path, posix.join(posix.dirname(path), from));
    if (/^ioredis(\/|$)/.test(from) && !path.startsWith('engines/redis/')) {
      return typeOnly && path === 'depot.options.ts'
        ? []
        : ['imports ioredis, which only engines/redis does'];
    }
    if (FOR_TESTS.test(from) && !path.startsWith('testing/')) {
      return [`imports ${from}, which only testing does`];
    }
    if (from.startsWith('@nestjs/') && !MAY_IMPORT_NEST.some((pattern) => pattern.test(path))) {
      return ['imports Nest, which stays in modules, services, decorators and discovery'];
    }
    return [];
  });
}

function partViolations(path: string, target: string): string[] {
  if (target.startsWith('..')) return [`imports ${target}, which is not in lib`];
  const [part, other] = [partOf(path), partOf(target)];
  if (part === other) return [];
  if (ENTRY_POINTS.includes(other)) return [`imports ${other}, which is an entry point of its own`];
  if (MAY_IMPORT_ALL.includes(part)) return [];
  const allowed = MAY_IMPORT[part];
  if (allowed === undefined)
    return [`belongs to ${part}, whose place in the order of imports is not written down`];
  return allowed.includes(other)
    ? []
    : [`imports ${other === '' ? target : other}, which stands above ${part}`];
}

/** The part of the library a file belongs to; empty for the files at the top. */
function partOf(path: string): string {
  const segments = path.replace(/\.[jt]s$/, '').split('/');
  if (segments.length === 1) return '';
  return segments.slice(0, segments[0] === 'engines' ? 2 : 1).join('/');
}

function textViolations({ path, text }: Source): string[] {
  const found = new Set<string>();
  const lines = text.trimEnd().split('\n').length;
  if (lines > LONGEST_FILE) found.add(`has more than ${LONGEST_FILE} lines`);
  if (/eslint-disable|@ts-(ignore|expect-error|nocheck)/.test(text)) found.add('switches a check off');
  visit(parse(path, text), (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) found.add('uses any');
    if (ts.isNonNullExpression(node)) found.add('uses !');
    const declared = ts.isPropertyDeclaration(node) || ts.isVariableDeclaration(node);
    if (declared && node.exclamationToken !== undefined) found.add('uses !');
  });
  return [...found];
}

function importsOf(path: string, text: string): Import[] {
  const imports: Import[] = [];
  visit(parse(path, text), (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
  });
  return imports;

  function add(from: ts.Node | undefined, typeOnly: boolean): void {
    if (from !== undefined && ts.isStringLiteralLike(from)) imports.push({ from: from.text, typeOnly });
  }
}

/** `import type { A }` and `import { type A, type B }`. */
function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  if (clause.name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly);
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}
