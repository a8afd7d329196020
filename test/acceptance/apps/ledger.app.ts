/** A worker that writes down, outside the library, which tasks it begins and ends. */
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { DepotModule, Processor, Task } from 'nestjs-depot';
import { host, settings, tell } from '../app-host.js';
import { LEDGER_QUEUE, ledgerLine } from '../ledger.js';

export interface LedgerAppSettings {
  readonly redis: string;
  readonly namespace: string;
  readonly directory: string;
  readonly concurrency: number;
  readonly workMs: number;
}

const { redis, namespace, directory, concurrency, workMs } = settings() as LedgerAppSettings;
// What was written is with the system, and outlives a SIGKILL.
const file = openSync(join(directory, `${process.pid}.ledger`), 'a');
let ended = 0;

@Processor(LEDGER_QUEUE, { concurrency })
class LedgerProcessor {
  @Task()
  async enter(task: number): Promise<void> {
    writeSync(file, ledgerLine('start', task));
    await pause(workMs);
    writeSync(file, ledgerLine('end', task));
    if (++ended % 50 === 0) tell('ended', ended);
  }
}

@Module({
  imports: [DepotModule.forRoot({ redis, namespace }), DepotModule.registerQueue({ name: LEDGER_QUEUE })],
  providers: [LedgerProcessor],
})
class LedgerModule {}

host(LedgerModule, () => ({}));
