import fc from 'fast-check';
import type { Actor } from './task-model.actor.js';
import type { Bench } from './task-model.bench.js';

/** What can be done to a queue, with everything chosen; who does it is chosen among those who can. */
export class Command implements fc.AsyncCommand<Bench, Bench> {
  constructor(
    private readonly text: string,
    private readonly can: (bench: Bench) => boolean,
    private readonly act: (bench: Bench) => Promise<unknown>,
  ) {}

  check(bench: Readonly<Bench>): boolean {
    return this.can(bench as Bench);
  }

  async run(_: Bench, bench: Bench): Promise<void> {
    await this.act(bench);
    await bench.compareLists();
  }

  toString(): string {
    return this.text;
  }
}

export const anybody = (): boolean => true;
export const somebody = ({ present }: Bench): boolean => present.length > 0;
export const who = fc.nat(2);
export const pickOf = (actors: readonly Actor[], at: number): Actor => actors[at % actors.length]!;
export const producer = ({ actors }: Bench, at: number): Actor => pickOf(actors, at);
export const worker = ({ present }: Bench, at: number): Actor => pickOf(present, at);
export const away = (bench: Bench): Actor[] =>
  bench.actors.filter((actor) => !actor.isKilled && !actor.isPresent);
export const text = (...parts: readonly unknown[]): string =>
  parts.map((part) => JSON.stringify(part)).join(' ');
