import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const LEDGER_QUEUE = 'ledger';

/** One attempt of a task, as its handler wrote it down. */
export interface Entry {
  readonly task: number;
  readonly pid: number;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
}

/** `start <task> <ms since the epoch>`, in the ledger of the process. */
export function ledgerLine(event: 'start' | 'end', task: number): string {
  return `${event} ${task} ${Date.now()}\n`;
}

/** The attempts in all ledgers of a directory. */
export function readLedgers(directory: string): Entry[] {
  return readdirSync(directory).flatMap((name) => {
    const entries = new Map<number, Entry>();
    const pid = Number.parseInt(name, 10);
    for (const line of readFileSync(join(directory, name), 'utf8').trimEnd().split('\n')) {
      const [event, task, at] = line.split(' ');
      const number = Number(task);
      if (event === 'start') {
        if (entries.has(number)) throw new Error(`process ${pid} has run task ${number} twice`);
        entries.set(number, { task: number, pid, startedAt: Number(at), endedAt: undefined });
      } else {
        const entry = entries.get(number);
        if (entry) entries.set(number, { ...entry, endedAt: Number(at) });
      }
    }
    return [...entries.values()];
  });
}
