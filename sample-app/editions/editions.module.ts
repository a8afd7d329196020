import { Module } from '@nestjs/common';
import { DepotModule } from 'nestjs-depot';
import { LedgerModule } from '../ledger/ledger.module.js';
import { EditionsController } from './editions.controller.js';
import { EditionsProcessor } from './editions.processor.js';
import { EditionsService } from './editions.service.js';
import { SalesBook } from './sales.book.js';

@Module({
  imports: [LedgerModule, DepotModule.registerQueue({ name: 'editions' })],
  controllers: [EditionsController],
  providers: [SalesBook, EditionsService, EditionsProcessor],
})
export class EditionsModule {}
