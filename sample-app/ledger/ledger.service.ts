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

  async record<T>(task: TaskContext, work: () => Promise<T>): Promise<T> {
    await this.write(task, 'start');
    try {
      return await work();
    } finally {
      await this.write(task, 'end');
    }
  }

  private async write(task: TaskContext, event: LedgerLine['event']): Promise<void> {
    if (this.file === undefined) return;
    const line: LedgerLine = {
      task: `${task.queue}.${task.name}`,
      id: task.id,
      attempt: task.attempt,
      pid: process.pid,
      event,
      at: Date.now(),
    };
    // One append of one line: lines of several processes do not mix.
    await appendFile(this.file, `${JSON.stringify(line)}\n`);
  }
}
