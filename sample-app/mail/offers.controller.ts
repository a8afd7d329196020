import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InjectQueue, Queue } from 'nestjs-depot';
import { AcceptedTask } from '../tasks/accepted.task.js';
import type { MailProcessor } from './mail.processor.js';
import { OfferDto } from './offer.dto.js';

/** After everything that somebody has ordered. */
const UNASKED = 2;

@ApiTags('offers')
@Controller('offers')
export class OffersController {
  constructor(@InjectQueue('mail') private readonly mail: Queue<MailProcessor>) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Mail an offer while it is valid' })
  @ApiAcceptedResponse({ type: AcceptedTask })
  async offer(@Body() { to, text, validFor }: OfferDto): Promise<AcceptedTask> {
    const letter = { to, subject: 'An offer for you', text };
    const options = { expiresIn: validFor, priority: UNASKED, tags: ['offer'] };
    return new AcceptedTask(await this.mail.add('deliver', letter, options));
  }
}
