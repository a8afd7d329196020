import { Module } from '@nestjs/common';
import { DepotModule } from 'nestjs-depot';
import { CitiesModule } from '../cities/cities.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { ReportsController } from './reports.controller.js';
import { ReportsProcessor } from './reports.processor.js';

@Module({
  imports: [CitiesModule, LedgerModule, DepotModule.registerQueue({ name: 'reports' })],
  controllers: [ReportsController],
  providers: [ReportsProcessor],
})
export class ReportsModule {}
