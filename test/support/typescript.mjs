/**
 * Lets plain Node run this repository's TypeScript: `node --import ./test/support/typescript.mjs some/file.ts`.
 * For scripts outside Jest that share the tests' helpers; it strips types and lowers decorators, and checks nothing.
 */
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
