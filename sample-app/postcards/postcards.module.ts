import { Module } from '@nestjs/common';
import { CitiesModule } from '../cities/cities.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { mailQueue } from '../mail/mail.queue.js';
import { PostcardOrders } from './postcard.orders.js';
import { PostcardsController } from './postcards.controller.js';
import { PostcardsProcessor } from './postcards.processor.js';
import { postcardsQueue } from './postcards.queue.js';

@Module({
  imports: [CitiesModule, LedgerModule, postcardsQueue, mailQueue],
  controllers: [PostcardsController],
  providers: [PostcardOrders, PostcardsProcessor],
})
export class PostcardsModule {}
