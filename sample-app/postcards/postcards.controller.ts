import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNotFoundResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InjectQueue, Queue } from 'nestjs-depot';
import { KnownCity } from '../cities/known-city.pipe.js';
import { AcceptedTask } from '../tasks/accepted.task.js';
import { PostcardDto } from './postcard.dto.js';
import type { PostcardsProcessor } from './postcards.processor.js';

@ApiTags('postcards')
@Controller('postcards')
export class PostcardsController {
  constructor(
    @InjectQueue('postcards') private readonly postcards: Queue<PostcardsProcessor>,
    private readonly knownCity: KnownCity,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Draw a postcard of a city and mail it' })
  @ApiAcceptedResponse({ type: AcceptedTask })
  @ApiNotFoundResponse({ description: 'no such city' })
  async send(@Body() { cityId, to, message }: PostcardDto): Promise<AcceptedTask> {
    await this.knownCity.transform(cityId);
    return new AcceptedTask(await this.postcards.add('render', { cityId, to, message }));
  }
}
