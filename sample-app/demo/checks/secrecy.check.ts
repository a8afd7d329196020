import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { POSTCARDS } from '../orders.js';
import type { Story } from '../story.js';

/** Looks for people in everything that Redis has written to its disk. */
export async function checkSecrecy(redisFolder: string, story: Story): Promise<void> {
  const entries = await readdir(redisFolder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const contents = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name))));
  const written = Buffer.concat(contents);
  // Names of tasks are in clear: it is the right place to look.
  const tasks = ['render', 'deliver', 'sell'].filter((name) => written.includes(name));
  const secrets = [...POSTCARDS.flatMap(({ to, message }) => [to, message]), 'buyer 1'];
  const seen = secrets.filter((secret) => written.includes(secret));
  const kept = tasks.length === 3 && seen.length === 0;
  const detail = `${seen.length} of ${secrets.length} addresses and texts in its ${(written.length / 1e6).toFixed(1)} MB`;
  story.check('what people write is not readable in Redis', kept, detail);
}
