import { appendFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { TaskContext } from 'nestjs-depot';
import type { Settings } from '../config/settings.js';

/** A line of the ledger. */
export interface LedgerLine {
  readonly task: string;
  readonly id: string;
  readonly attempt: number;
  readonly pid: number;
  readonly event: 'start' | 'end';
  readonly at: number;
}

/**
 * Writes down what really ran, in a file that the library knows nothing of: whoever wants to check the library's
 * counters can count for himself. A start without an end is a handler whose process was killed.
 */
@Injectable()
export class Ledger {
  private readonly file: string | undefined;

  constructor(config: ConfigService<Settings, true>) {
    this.file = config.get('LEDGER_FILE', { infer: true });
  }

  record<T>(task: TaskContext, work: () => Promise<T>): Promise<T> {
    return this.recordAll([task], work);
  }

  /** The same for a batch. */
  async recordAll<T>(tasks: readonly TaskContext[], work: () => Promise<T>): Promise<T> {
    await this.write(tasks, 'start');
    try {
      return await work();
    } finally {
      await this.write(tasks, 'end');
    }
  }

  private async write(tasks: readonly TaskContext[], event: LedgerLine['event']): Promise<void> {
    if (this.file === undefined) return;
    const at = Date.now();
    const lines = tasks.map(({ queue, name, id, attempt }): string => {
      const line: LedgerLine = { task: `${queue}.${name}`, id, attempt, pid: process.pid, event, at };
      return `${JSON.stringify(line)}\n`;
    });
    // One append: lines of several processes do not mix.
    await appendFile(this.file, lines.join(''));
  }
}
