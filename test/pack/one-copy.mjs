/**
 * Runs inside an application: `import` and `require` have to give the same classes, or Nest would not recognise one's
 * providers in the other's, and the CommonJS build has to have every name that the ESM build has.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import 'reflect-metadata';
import * as main from 'nestjs-depot';
import * as keyv from 'nestjs-depot/keyv';
import * as testing from 'nestjs-depot/testing';

const require = createRequire(import.meta.url);
assert.ok(main.DepotModule, 'nestjs-depot exports no DepotModule');
assert.ok(keyv.DepotKeyvStore, 'nestjs-depot/keyv exports no DepotKeyvStore');
assert.ok(testing.DepotTesting, 'nestjs-depot/testing exports no DepotTesting');

const entryPoints = {
  'nestjs-depot': [main, 'index.js'],
  'nestjs-depot/keyv': [keyv, 'keyv/index.js'],
  'nestjs-depot/testing': [testing, 'testing/index.js'],
};
for (const [entryPoint, [imported, file]] of Object.entries(entryPoints)) {
  const required = require(entryPoint);
  for (const [name, value] of Object.entries(imported)) {
    assert.equal(required[name], value, `import and require of ${entryPoint} give two different ${name}`);
  }
  const commonjs = require(`./node_modules/nestjs-depot/dist/lib/cjs/${file}`);
  assert.deepEqual(Object.keys(commonjs).sort(), Object.keys(imported).sort());
}
