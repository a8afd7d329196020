import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const LARGEST_OUTPUT = 32 * 1024 * 1024;

/** Runs a command to its end; the error of one that fails carries its output. */
export async function execute(program, args, { cwd, env = process.env }) {
  try {
    return await promisify(execFile)(program, args, { cwd, env, maxBuffer: LARGEST_OUTPUT });
  } catch (error) {
    throw new Error(
      `${[program, ...args].join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}${error.message}`,
      {
        cause: error,
      },
    );
  }
}
