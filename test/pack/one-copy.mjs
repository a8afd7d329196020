/**
 * Runs inside an application: `import` and `require` have to give the same classes, or Nest would not recognise one's
 * providers in the other's, and the CommonJS build has to have every name that the ESM build has.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import 'reflect-metadata';
import * as imported from 'nestjs-depot';

const require = createRequire(import.meta.url);
const required = require('nestjs-depot');

assert.ok(imported.DepotModule, 'nestjs-depot exports no DepotModule');
for (const [name, value] of Object.entries(imported)) {
  assert.equal(required[name], value, `import and require of nestjs-depot give two different ${name}`);
}

const commonjs = require('./node_modules/nestjs-depot/dist/lib/cjs/index.js');
assert.deepEqual(Object.keys(commonjs).sort(), Object.keys(imported).sort());
