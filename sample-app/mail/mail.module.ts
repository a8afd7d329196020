import { Module } from '@nestjs/common';
import { DepotModule } from 'nestjs-depot';
import { LedgerModule } from '../ledger/ledger.module.js';
import { MailProcessor } from './mail.processor.js';
import { Mailer } from './mailer.service.js';
import { RemindersController } from './reminders.controller.js';

@Module({
  imports: [LedgerModule, DepotModule.registerQueue({ name: 'mail' })],
  controllers: [RemindersController],
  providers: [Mailer, MailProcessor],
})
export class MailModule {}
