import { parseArgs } from 'node:util';
import type { Suite } from './suite.js';
import { UsageError } from './rounds.js';

export interface Arguments {
  readonly suites: readonly Suite[];
  readonly json: boolean;
  readonly short: boolean;
  readonly profile: boolean;
  readonly rounds: number | undefined;
  readonly only: readonly string[] | undefined;
}

export function parse(args: readonly string[], all: readonly Suite[]): Arguments {
  const { values, positionals } = split(args);
  const unknown = positionals.filter((name) => !all.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    throw new UsageError(
      `there is no suite ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`,
    );
  }
  return {
    suites: positionals.flatMap((name) => all.filter((suite) => suite.name === name)),
    json: values.json ?? false,
    short: values.short ?? false,
    profile: values.profile ?? false,
    // A profile is of ours; the round before it loads and warms up everything.
    rounds: values.rounds === undefined ? profiled(values.profile, 2) : roundsOf(values.rounds),
    only: values.only?.split(',') ?? profiled(values.profile, ['depot']),
  };
}

const profiled = <T>(profile: boolean | undefined, value: T): T | undefined => (profile ? value : undefined);

function split(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean' },
        short: { type: 'boolean' },
        profile: { type: 'boolean' },
        rounds: { type: 'string' },
        only: { type: 'string' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function roundsOf(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`--rounds is ${text}; it takes a number from 1 on`);
  return Number(text);
}
