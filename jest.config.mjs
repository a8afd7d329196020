import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  // Node's own ESM (NODE_OPTIONS=--experimental-vm-modules, see the scripts of package.json).
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^nestjs-depot$': '<rootDir>/lib/index.ts',
    '^nestjs-depot/keyv$': '<rootDir>/lib/keyv/index.ts',
    '^nestjs-depot/testing$': '<rootDir>/lib/testing/index.ts',
    '^nestjs-depot/testing/jest$': '<rootDir>/lib/testing/jest.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/pack/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/'],
  globalSetup: '<rootDir>/test/support/jest-setup.mjs',
  globalTeardown: '<rootDir>/test/support/jest-teardown.mjs',
  collectCoverageFrom: ['lib/**/*.ts'],
  testTimeout: 20_000,
  // Tests wait for events more than they compute, so each two cores get a third worker.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
};
