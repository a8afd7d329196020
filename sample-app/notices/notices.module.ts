import { Module } from '@nestjs/common';
import { DepotModule } from 'nestjs-depot';
import { LedgerModule } from '../ledger/ledger.module.js';
import { MailModule } from '../mail/mail.module.js';
import { NoticesProcessor } from './notices.processor.js';
import { ReturnedMailProcessor } from './returned-mail.processor.js';

@Module({
  imports: [LedgerModule, MailModule, DepotModule.registerQueue({ name: 'notices' })],
  providers: [NoticesProcessor, ReturnedMailProcessor],
})
export class NoticesModule {}
