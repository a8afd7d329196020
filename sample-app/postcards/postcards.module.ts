import { Module } from '@nestjs/common';
import { DepotModule } from 'nestjs-depot';
import { CitiesModule } from '../cities/cities.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { PostcardsController } from './postcards.controller.js';
import { PostcardsProcessor } from './postcards.processor.js';

@Module({
  imports: [
    CitiesModule,
    LedgerModule,
    DepotModule.registerQueue({ name: 'postcards' }),
    DepotModule.registerQueue({ name: 'mail' }),
  ],
  controllers: [PostcardsController],
  providers: [PostcardsProcessor],
})
export class PostcardsModule {}
