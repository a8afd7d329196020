import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiNotFoundResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { KnownCity } from '../cities/known-city.pipe.js';
import { AcceptedTask } from '../tasks/accepted.task.js';
import { AcceptedMailing } from './accepted.mailing.js';
import { MailingDto } from './mailing.dto.js';
import { PostcardDto } from './postcard.dto.js';
import { PostcardOrders } from './postcard.orders.js';

@ApiTags('postcards')
@ApiNotFoundResponse({ description: 'no such city' })
@ApiServiceUnavailableResponse({ description: 'too many cards of this customer wait; try again later' })
@Controller('postcards')
export class PostcardsController {
  constructor(
    private readonly orders: PostcardOrders,
    private readonly knownCity: KnownCity,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Draw a postcard of a city and mail it' })
  @ApiAcceptedResponse({ type: AcceptedTask })
  async send(@Body() { cityId, to, message, customer, express }: PostcardDto): Promise<AcceptedTask> {
    await this.knownCity.transform(cityId);
    const postcard = { cityId, to, message, customer, express };
    return new AcceptedTask(await this.orders.order(postcard));
  }

  @Post('mailings')
  @HttpCode(202)
  @ApiOperation({ summary: 'The same to many, as far as there is room for them' })
  @ApiAcceptedResponse({ type: AcceptedMailing })
  async sendAll(@Body() { cityId, to, message, customer }: MailingDto): Promise<AcceptedMailing> {
    await this.knownCity.transform(cityId);
    const postcard = { cityId, message, customer, express: false };
    const { accepted, refused } = await this.orders.orderAll(postcard, to);
    return { accepted: accepted.map((task) => new AcceptedTask(task)), refused };
  }
}
