import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InjectQueue, Queue } from 'nestjs-depot';
import { AcceptedTask } from '../tasks/accepted.task.js';
import type { MailProcessor } from './mail.processor.js';
import { ReminderDto } from './reminder.dto.js';

/** Before ordinary mails, which nobody waits for at a certain time. */
const PUNCTUAL = 7;

@ApiTags('reminders')
@Controller('reminders')
export class RemindersController {
  constructor(@InjectQueue('mail') private readonly mail: Queue<MailProcessor>) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Mail a reminder, later' })
  @ApiAcceptedResponse({ type: AcceptedTask })
  async remind(@Body() { to, text, after }: ReminderDto): Promise<AcceptedTask> {
    const letter = { to, subject: 'Your reminder', text };
    return new AcceptedTask(await this.mail.add('deliver', letter, { delay: after, priority: PUNCTUAL }));
  }
}
