import { Logger, type NestApplicationOptions } from '@nestjs/common';
import { DepotError } from 'nestjs-depot';
import { SettingsError } from './config/settings.js';

/** Lets an error of Nest's come out, for `start` to tell it. */
export const NEST_OPTIONS: NestApplicationOptions = { abortOnError: false };

/** Runs the start of a process. If that fails, the process ends and says why; in a sentence, where it knows one. */
export async function start(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const expected = error instanceof SettingsError || error instanceof DepotError;
    new Logger('Postcards').fatal(expected ? error.message : error);
    process.exit(1);
  }
}
