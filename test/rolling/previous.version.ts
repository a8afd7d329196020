import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';

const NAME = 'nestjs-depot-0.1.0';
const PACKED = fileURLToPath(new URL(`../fixtures/${NAME}.tgz`, import.meta.url));
/** Below the repository, whose node_modules has what the package needs. */
const CACHE = fileURLToPath(new URL('../../.cache/previous/', import.meta.url));

/** Unpacks the version before this one, once, and returns the URL of its main file. */
export function previousVersion(): string {
  const unpacked = join(CACHE, NAME);
  if (!existsSync(unpacked)) {
    mkdirSync(CACHE, { recursive: true });
    // Appears under its name when it is complete: another run may be at it, too.
    const building = mkdtempSync(join(CACHE, 'building-'));
    try {
      execFileSync('tar', ['-xzf', PACKED, '-C', building]);
      renameSync(join(building, 'package'), unpacked);
    } catch (error) {
      if (!existsSync(unpacked)) throw error;
    } finally {
      rmSync(building, { recursive: true, force: true });
    }
  }
  return pathToFileURL(join(unpacked, 'dist/lib/cjs/index.js')).href;
}
