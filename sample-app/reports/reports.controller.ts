import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiNotFoundResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { InjectQueue, Queue } from 'nestjs-depot';
import { KnownCity } from '../cities/known-city.pipe.js';
import { AcceptedTask } from '../tasks/accepted.task.js';
import { ReportDto } from './report.dto.js';
import { reportKey } from './report.key.js';
import type { ReportsProcessor } from './reports.processor.js';

/** Cities do not move: for so long whoever asks for the same figures gets the same task. */
const GOOD_FOR = '1m';

@ApiTags('reports')
@Controller('reports')
export class ReportsController {
  constructor(
    @InjectQueue('reports') private readonly reports: Queue<ReportsProcessor>,
    private readonly knownCity: KnownCity,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Measure how far all cities of the world are from one' })
  @ApiAcceptedResponse({ type: AcceptedTask })
  @ApiNotFoundResponse({ description: 'no such city' })
  @ApiServiceUnavailableResponse({ description: 'too many reports wait' })
  async order(@Body() { from, countries, restMs, notify }: ReportDto): Promise<AcceptedTask> {
    await this.knownCity.transform(from);
    const order = { from, countries, restMs, notify };
    const unique = { key: reportKey, mode: 'throttle', ttl: GOOD_FOR } as const;
    return new AcceptedTask(await this.reports.add('distances', order, { unique, tags: [from] }));
  }
}
