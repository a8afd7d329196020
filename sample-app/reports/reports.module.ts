import { Module } from '@nestjs/common';
import { DepotModule } from 'nestjs-depot';
import { CitiesModule } from '../cities/cities.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { mailQueue } from '../mail/mail.queue.js';
import { ReportsController } from './reports.controller.js';
import { ReportsProcessor } from './reports.processor.js';

@Module({
  imports: [
    CitiesModule,
    LedgerModule,
    // Each takes a while: better no than an answer that nobody waits for any more.
    DepotModule.registerQueue({ name: 'reports', backpressure: { max: 50 } }),
    mailQueue,
  ],
  controllers: [ReportsController],
  providers: [ReportsProcessor],
})
export class ReportsModule {}
