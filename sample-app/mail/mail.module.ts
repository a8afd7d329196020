import { Module } from '@nestjs/common';
import { LedgerModule } from '../ledger/ledger.module.js';
import { mailQueue } from './mail.queue.js';
import { MailProcessor } from './mail.processor.js';
import { Mailer } from './mailer.service.js';
import { OffersController } from './offers.controller.js';
import { RemindersController } from './reminders.controller.js';

@Module({
  imports: [LedgerModule, mailQueue],
  controllers: [OffersController, RemindersController],
  providers: [Mailer, MailProcessor],
  exports: [Mailer],
})
export class MailModule {}
