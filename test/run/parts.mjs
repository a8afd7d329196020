/**
 * What `npm test` consists of. Stages run one after another; the lanes of a stage run side by side, and the parts of a
 * lane one after another. Jest has both cores for itself, because some of its tests look at the clock.
 */
const node = process.execPath;
const bin = (name) => [node, `node_modules/${name}`];

/** @typedef {{ name: string, command: string[], budget: number, needs?: string[] }} Part `budget` in seconds */

/** @returns {Part[][][]} stages of lanes of parts */
export function stages() {
  const build = { name: 'build', command: [node, 'scripts/build.mjs'], budget: 75 };
  const format = {
    name: 'format',
    command: [...bin('prettier/bin/prettier.cjs'), '--check', '.'],
    budget: 90,
  };
  const lint = { name: 'lint', command: [...bin('eslint/bin/eslint.js'), '.'], budget: 90 };
  const types = {
    name: 'types',
    command: [...bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json'],
    budget: 90,
  };
  const jest = {
    name: 'jest',
    command: [node, 'test/run/jest.mjs', '--json', '--outputFile=.cache/jest.json'],
    budget: 240,
  };
  // Waits for the network more than it computes, and is done at once when .cache has them.
  const packApps = { name: 'pack-apps', command: [node, 'test/pack/check.mjs', '--install'], budget: 100 };
  const pack = {
    name: 'pack',
    command: [node, 'test/pack/check.mjs'],
    budget: 75,
    needs: ['build', 'pack-apps'],
  };
  const demo = {
    name: 'demo',
    command: [node, 'dist/sample-app/demo/demo.js'],
    budget: 60,
    needs: ['build'],
  };
  const demoOnRedis = { ...demo, name: 'demo-redis', command: [...demo.command, '--redis'] };
  const faults = {
    name: 'faults-short',
    command: [node, 'test/faults/run.mjs', '--short'],
    budget: 75,
  };
  // It looks at whether the benchmark works, not at its figures.
  const bench = {
    name: 'bench-short',
    command: [node, '--import', './test/support/typescript.mjs', 'test/bench/short.ts'],
    budget: 150,
  };
  return [
    [[lint, format], [types, build], [packApps]],
    [[jest]],
    [[pack, faults], [demo, demoOnRedis], [bench]],
  ];
}
